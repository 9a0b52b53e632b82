"""Tables of stock: places, the movement ledger, balances and allocations.

Balances are projections of movements and allocations; only `posting.py` writes them
(docs/stock-rule.md).
"""

from __future__ import annotations

from typing import Final

import peewee

from hub.db import BytesField, CountField, IdField, MomentField, Table
from hub.ledger import Ledger

REAL_KINDS: Final = ("BIN", "TOTE", "PARCEL", "DOCK", "IN_TRANSIT")
VIRTUAL_KINDS: Final = ("VENDOR", "CUSTOMER", "ADJUSTMENT", "SCRAP", "UNEXPLAINED")


class Site(Table):
    """A node of the company: a warehouse or store, named in topics and documents."""

    code = peewee.TextField(primary_key=True)
    company = peewee.TextField()
    name = peewee.TextField()
    time_zone = peewee.TextField(default="UTC")
    currency = peewee.TextField(default="GBP")
    floor = peewee.TextField(default="")
    """The TOML description of the warehouse map."""
    hub_epoch = peewee.TextField(default="")

    class Meta:
        table_name = "site"


class Place(Table):
    """Where goods can be. Real places never go below zero; virtual ones are the other side."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    kind = peewee.TextField()
    code = peewee.TextField()
    state = peewee.TextField(default="ACTIVE")
    """Bins: ACTIVE, BLOCKED_IN, BLOCKED_OUT, COUNT_LOCK, RETIRED.
    Totes: EMPTY, FILLING, CLOSED, AT_STATION, UNLOADED."""
    aisle = CountField(default=0)
    block = CountField(default=0)
    bay = CountField(default=0)
    level = CountField(default=0)
    x_cm = CountField(default=0)
    y_cm = CountField(default=0)
    holder = IdField(null=True)
    """The order whose goods a tote or parcel carries."""

    class Meta:
        table_name = "place"
        indexes = ((("site", "kind", "code"), True), (("holder",), False))


class Balance(Table):
    """How much of one thing is in one place. `id` is a digest of the eight key columns, so its
    being unique makes them unique too; `binlight verify` checks that it fits.
    """

    id = IdField(primary_key=True)
    company = peewee.TextField()
    site = peewee.TextField()
    place = IdField(index=True)
    lpn = peewee.TextField()
    owner = peewee.TextField()
    item = IdField(index=True)
    lot = peewee.TextField()
    status = peewee.TextField()
    is_real = peewee.BooleanField()
    on_hand = CountField()
    allocated = CountField()

    class Meta:
        table_name = "balance"
        constraints = (
            peewee.Check("NOT is_real OR on_hand >= 0"),
            peewee.Check("allocated >= 0"),
            peewee.Check("NOT is_real OR allocated <= on_hand"),
        )


class Movement(Table):
    """A quantity left one place (and status) for another. Append-only and chained."""

    site = peewee.TextField()
    position = CountField()
    cause = peewee.TextField()
    n = CountField()
    company = peewee.TextField()
    item = IdField(index=True)
    lot = peewee.TextField()
    owner = peewee.TextField()
    quantity = CountField()
    from_place = IdField(index=True)
    from_lpn = peewee.TextField()
    from_status = peewee.TextField()
    to_place = IdField(index=True)
    to_lpn = peewee.TextField()
    to_status = peewee.TextField()
    value_micros = CountField(null=True)
    reason = peewee.TextField()
    actor = BytesField()
    occurred_at = MomentField()
    recorded_at = MomentField()
    hash = BytesField()
    checksum = BytesField()

    class Meta:
        table_name = "movement"
        primary_key = peewee.CompositeKey("site", "position")
        indexes = ((("site", "cause", "n"), True),)


STOCK: Final = Ledger(
    "stock",
    "movement",
    ("cause", "n", "company", "item", "lot", "owner", "quantity", "from_place", "from_lpn",
     "from_status", "to_place", "to_lpn", "to_status", "value_micros", "reason", "actor",
     "occurred_at", "recorded_at"),
    unchained=("recorded_at", "value_micros"),
)  # fmt: skip


class Allocation(Table):
    """A hard claim of an order line on one balance.

    ALLOCATED, RELEASED and PICKED count in `balance.allocated`; the others are terminal.
    """

    id = IdField(primary_key=True)
    site = peewee.TextField()
    balance = IdField()
    order = IdField(column_name="order_id")
    order_line = IdField(index=True)
    item = IdField()
    place = IdField()
    quantity = CountField(constraints=[peewee.Check("quantity > 0")])
    state = peewee.TextField()
    reason = peewee.TextField(default="")
    """Why this bin: the decision's own words, code and values as JSON."""
    split_from = IdField(null=True)
    created_at = MomentField()
    changed_at = MomentField()

    class Meta:
        table_name = "allocation"
        indexes = ((("balance",), False), (("order",), False))
