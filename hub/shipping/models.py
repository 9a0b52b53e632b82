"""Tables of shipments and parcels."""

from __future__ import annotations

import peewee

from hub.db import CountField, IdField, MomentField, Table


class Shipment(Table):
    """What leaves for one order at once. PLANNED to STAGED here, SHIPPED once it has left."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    site = peewee.TextField()
    number = peewee.TextField()
    """Gapless for each company, as the numbers of its orders."""
    order = IdField(column_name="order_id", index=True)
    state = peewee.TextField()
    created_at = MomentField()
    shipped_at = MomentField(null=True)

    class Meta:
        table_name = "shipment"
        indexes = (
            (("company", "number"), True),
            (("site", "state"), False),
            (("site", "shipped_at"), False),
        )


class Parcel(Table):
    """A carton. Its place of the same id holds the goods until they are shipped."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    shipment = IdField(index=True)
    number = peewee.TextField()
    state = peewee.TextField()
    """OPEN, VERIFIED, CLOSED, LABELLED, SHIPPED, VOID."""
    bench = peewee.TextField(default="")
    """Where it is, or was, packed."""
    packed_by = IdField(null=True)
    created_at = MomentField()
    closed_at = MomentField(null=True)

    class Meta:
        table_name = "parcel"
        indexes = ((("company", "number"), True), (("state", "bench"), False))


class ParcelLine(Table):
    """What is in a parcel; while it is OPEN, what was verified so far."""

    parcel = IdField()
    order_line = IdField(index=True)
    item = IdField()
    quantity = CountField()

    class Meta:
        table_name = "parcel_line"
        primary_key = peewee.CompositeKey("parcel", "order_line")


class ParcelTote(Table):
    """A tote that is unpacked into a parcel; the row goes when the parcel is closed."""

    tote = IdField(primary_key=True)
    parcel = IdField(index=True)

    class Meta:
        table_name = "parcel_tote"
