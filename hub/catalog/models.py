"""Tables of the catalogue: items, the names they go by, and their barcodes."""

from __future__ import annotations

import peewee

from hub.db import CountField, IdField, MomentField, Table


class Item(Table):
    """An article. `sku_key` is the SKU casefolded: one article has one, however it is typed."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    sku = peewee.TextField()
    sku_key = peewee.TextField()
    name = peewee.TextField()
    status = peewee.TextField(default="ACTIVE")
    base_unit = peewee.TextField(default="each")
    price_micros = CountField(default=0)
    weight_g = CountField(default=0)
    volume_ml = CountField(default=0)
    version = CountField(default=1)
    created_at = MomentField()
    changed_at = MomentField()

    class Meta:
        table_name = "item"
        indexes = ((("company", "sku_key"), True), (("company", "name"), False))


class ItemName(Table):
    """Another description under which the same article was seen."""

    item = IdField()
    name = peewee.TextField()
    seen_at = MomentField()

    class Meta:
        table_name = "item_name"
        primary_key = peewee.CompositeKey("item", "name")


class Barcode(Table):
    """What a label may read: GTINs in 14 digits, other codes as they are. Worth `quantity` units.

    `company`, `code` are unique: one label means one thing.
    """

    company = peewee.TextField()
    code = peewee.TextField()
    item = IdField(index=True)
    unit = peewee.TextField(default="each")
    quantity = CountField(default=1, constraints=[peewee.Check("quantity > 0")])

    class Meta:
        table_name = "barcode"
        primary_key = peewee.CompositeKey("company", "code")
