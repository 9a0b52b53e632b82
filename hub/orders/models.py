"""Tables of orders: head, lines, the quantity ledger of lines, charges, holds and numbers."""

from __future__ import annotations

from typing import Final

import peewee

from hub.db import BytesField, CountField, IdField, MomentField, Table
from hub.ledger import Ledger

STAGES: Final = (
    "open", "backordered", "promised", "allocated", "released", "picked", "packed", "shipped",
    "cancelled",
)  # fmt: skip
"""Columns of an order line; at every moment they add up to `ordered`."""


class SalesOrder(Table):
    """The decision state of an order; fulfilment and payment statuses are derived."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    site = peewee.TextField()
    """The node that fulfils it."""
    division = peewee.TextField(default="")
    channel = peewee.TextField()
    number = peewee.TextField()
    external_id = peewee.TextField(null=True)
    customer = IdField(null=True, index=True)
    country = peewee.TextField(default="")
    currency = peewee.TextField(default="GBP")
    state = peewee.TextField()
    """PLACED, ON_HOLD, APPROVED, CLOSED, CANCELLED."""
    ships_complete = peewee.BooleanField(default=False)
    priority = CountField(default=0)
    wave = IdField(null=True)
    """The wave that it is planned in, if any."""
    placed_at = MomentField()
    due_at = MomentField()
    created_at = MomentField()
    closed_at = MomentField(null=True)

    class Meta:
        table_name = "sales_order"
        indexes = (
            (("company", "number"), True),
            (("company", "channel", "external_id"), True),
            (("company", "external_id"), False),
            (("site", "state", "wave", "due_at"), False),
            (("site", "state", "wave", "priority", "due_at"), False),
            (("site", "state", "placed_at"), False),
            (("site", "placed_at"), False),
            (("wave",), False),
        )


class OrderLine(Table):
    """One article on an order and where its units are; `returned` ≤ shipped stands beside."""

    id = IdField(primary_key=True)
    order = IdField(column_name="order_id")
    n = CountField()
    item = IdField()
    name = peewee.TextField()
    unit = peewee.TextField(default="each")
    unit_quantity = CountField()
    """What was entered, in `unit`; `ordered` is in base units."""
    price_micros = CountField(default=0)
    ordered = CountField(constraints=[peewee.Check("ordered > 0")])
    open = CountField(default=0)
    backordered = CountField(default=0)
    promised = CountField(default=0)
    allocated = CountField(default=0)
    released = CountField(default=0)
    picked = CountField(default=0)
    packed = CountField(default=0)
    shipped = CountField(default=0)
    cancelled = CountField(default=0)
    returned = CountField(default=0)

    class Meta:
        table_name = "order_line"
        indexes = ((("order", "n"), True), (("item", "order"), False))
        constraints = (
            peewee.Check(" + ".join(f'"{stage}"' for stage in STAGES) + " = ordered"),
            *(peewee.Check(f'"{stage}" >= 0') for stage in STAGES),
            peewee.Check("returned >= 0 AND returned <= shipped"),
        )


class LineMove(Table):
    """Units of a line went from one stage to the next. Append-only and chained.

    `from_stage` is empty for what was ordered; stage `returned` counts beside `shipped`.
    """

    site = peewee.TextField()
    position = CountField()
    cause = peewee.TextField()
    n = CountField()
    order_line = IdField(index=True)
    from_stage = peewee.TextField()
    to_stage = peewee.TextField()
    quantity = CountField()
    reason = peewee.TextField()
    actor = BytesField()
    occurred_at = MomentField()
    recorded_at = MomentField()
    hash = BytesField()
    checksum = BytesField()

    class Meta:
        table_name = "line_move"
        primary_key = peewee.CompositeKey("site", "position")
        indexes = ((("site", "cause", "n"), True),)


LINES: Final = Ledger(
    "lines",
    "line_move",
    ("cause", "n", "order_line", "from_stage", "to_stage", "quantity", "reason", "actor",
     "occurred_at", "recorded_at"),
    unchained=("recorded_at",),
)  # fmt: skip


class OrderCharge(Table):
    """Postage, discounts, fees: money that is no article. Minor units may be < 0.

    `order` is empty for a document of charges alone; `external_id` then names the document.
    """

    id = IdField(primary_key=True)
    company = peewee.TextField()
    external_id = peewee.TextField(default="")
    order = IdField(column_name="order_id", null=True, index=True)
    customer = IdField(null=True)
    kind = peewee.TextField()
    text = peewee.TextField(default="")
    quantity = CountField()
    price_micros = CountField()
    amount_minor = CountField()
    at = MomentField()

    class Meta:
        table_name = "order_charge"


class OrderReturn(Table):
    """Units that came back after shipping, or a return whose order is not known (`order` empty)."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    external_id = peewee.TextField()
    order = IdField(column_name="order_id", null=True, index=True)
    order_line = IdField(null=True)
    item = IdField()
    quantity = CountField()
    price_micros = CountField()
    state = peewee.TextField()
    """MATCHED or UNMATCHED."""
    at = MomentField()

    class Meta:
        table_name = "order_return"
        indexes = ((("company", "external_id"), False),)


class OrderHold(Table):
    """A reason why an order waits; it goes on when the last one is released."""

    id = IdField(primary_key=True)
    order = IdField(column_name="order_id", index=True)
    reason = peewee.TextField()
    note = peewee.TextField(default="")
    state = peewee.TextField(default="PLACED")
    placed_at = MomentField()
    released_at = MomentField(null=True)

    class Meta:
        table_name = "order_hold"


class DocumentNumber(Table):
    """The last number given out of a series: gapless for each company."""

    company = peewee.TextField()
    series = peewee.TextField()
    last = CountField()

    class Meta:
        table_name = "document_number"
        primary_key = peewee.CompositeKey("company", "series")
