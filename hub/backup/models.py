"""What the hub does by itself in the night, and what it came to."""

from __future__ import annotations

import peewee

from hub.db import CountField, MomentField, Table


class NightlyRun(Table):
    """One piece of a night's work, or of the same by hand: BACKUP, VERIFY, DRILL."""

    site = peewee.TextField()
    kind = peewee.TextField()
    at = MomentField()
    day = peewee.TextField()
    """The date at the site; empty when it was done by hand."""
    is_good = peewee.BooleanField()
    text = peewee.TextField(default="")
    seconds = CountField(default=0)
    file = peewee.TextField(default="")

    class Meta:
        table_name = "nightly_run"
        primary_key = peewee.CompositeKey("site", "kind", "at")
