"""The table of counts: what somebody saw in a place, and as of when."""

from __future__ import annotations

import peewee

from hub.db import CountField, IdField, MomentField, Table


class BinCount(Table):
    """WAITING → SETTLED | EARLY | DROPPED; EARLY → SETTLED once every device was heard.

    EARLY: settled before everything from before `as_of` had arrived; what still comes is watched.
    """

    id = IdField(primary_key=True)
    site = peewee.TextField()
    place = IdField()
    item = IdField()
    balance = IdField(null=True)
    """Only this balance was counted; empty: all good units of the article in the place."""
    counted = CountField()
    as_of = MomentField()
    reason = peewee.TextField()
    state = peewee.TextField(default="WAITING")
    exception = IdField(null=True)
    person = IdField()
    taken_at = MomentField()
    asked_at = MomentField(default=0)
    """When devices were last asked how far they are."""
    settled_at = MomentField(null=True)
    settled_upto = CountField(default=0)
    """The last position of the stock ledger that the settlement knew."""
    early_reason = peewee.TextField(default="")

    class Meta:
        table_name = "bin_count"
        indexes = ((("site", "state"), False), (("place", "item", "state"), False))
