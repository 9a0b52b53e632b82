"""Reads of the catalogue: one article, pages of articles, what their labels may read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import peewee

from hub.catalog import rules
from hub.catalog.models import Barcode, Item, ItemName
from hub.db import WriteTransaction, proxy
from hub.errors import BadValue

PAGE_ROWS: Final = 50
_IDS_AT_ONCE: Final = 500


class ItemRow(NamedTuple):
    """One article on a list."""

    id: bytes
    sku: str
    name: str
    status: str
    price_micros: int
    version: int


def _rows(source: Any, sql: str, params: Sequence[Any]) -> Iterable[Any]:
    """Rows from an open transaction or from a database."""
    if isinstance(source, WriteTransaction):
        return source.rows(sql, params)
    database: Any = proxy if source is None else source
    if isinstance(getattr(database, "obj", database), peewee.PostgresqlDatabase):
        sql = sql.replace("?", "%s")
    return database.execute_sql(sql, params).fetchall()


def codes_of(source: Any, item_ids: Iterable[bytes]) -> dict[bytes, dict[str, int]]:
    """What the labels of these articles may read, and how many units one scan is worth.

    `source` is a transaction or a database. The SKU itself is worth 1, also in the 14-digit form
    when it happens to be a GTIN. Articles that do not exist are left out.
    """
    wanted = list(dict.fromkeys(item_ids))
    codes: dict[bytes, dict[str, int]] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = wanted[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        for id, sku in _rows(source, f"SELECT id, sku FROM item WHERE id IN ({marks})", some):
            codes[bytes(id)] = {sku: 1, rules.normal_code(sku): 1}
        sql = f"SELECT item, code, quantity FROM barcode WHERE item IN ({marks})"
        for id, code, quantity in _rows(source, sql, some):
            codes.setdefault(bytes(id), {})[code] = quantity
    return codes


def item_of_sku(company: str, sku: str) -> Item | None:
    return Item.get_or_none((Item.company == company) & (Item.sku_key == rules.sku_key(sku)))


def ids_of_skus(company: str, skus: Iterable[str]) -> dict[str, bytes]:
    """The articles of these SKUs, as they were spelled; those that nobody knows are left out."""
    keys = {sku: rules.sku_key(sku) for sku in skus}
    wanted = list(dict.fromkeys(keys.values()))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = wanted[start : start + _IDS_AT_ONCE]
        query: Any = Item.select(Item.sku_key, Item.id).where(
            (Item.company == company) & Item.sku_key.in_(some)
        )
        found.update(dict(query.tuples()))
    return {sku: found[key] for sku, key in keys.items() if key in found}


def item_of_code(company: str, code: str) -> tuple[Item, int] | None:
    """The article that a scanned code means and how many units; a barcode goes before a SKU."""
    kept = rules.normal_code(code)
    label = Barcode.get_or_none((Barcode.company == company) & (Barcode.code == kept))
    if label is not None:
        return Item.get_by_id(label.item), label.quantity
    item = item_of_sku(company, code)
    return None if item is None else (item, 1)


def item_page(
    company: str, *, text: str = "", status: str = "", after: str = "", rows: int = PAGE_ROWS
) -> list[ItemRow]:
    """Articles by SKU, the next `rows` after the SKU `after`.

    `text` finds the beginning of a SKU, a barcode, or words anywhere in the name.
    """
    query = Item.select(
        Item.id, Item.sku, Item.name, Item.status, Item.price_micros, Item.version
    ).where(Item.company == company)
    if status:
        query = query.where(Item.status == status)
    if after:
        query = query.where(Item.sku_key > rules.sku_key(after))
    if text.strip():
        query = query.where(_matches(company, text))
    return [ItemRow(*row) for row in query.order_by(Item.sku_key).limit(rows).tuples().execute()]


def _matches(company: str, text: str) -> Any:
    found = Item.sku_key.startswith(rules.sku_key(text)) | Item.name.contains(text.strip())
    try:
        code = rules.normal_code(text)
    except BadValue:
        return found  # too long for a label; it may still stand in a name
    coded = Barcode.select(Barcode.item).where(
        (Barcode.company == company) & (Barcode.code == code)
    )
    return found | Item.id.in_(coded)


def barcodes_of(item: bytes) -> list[Barcode]:
    return list(Barcode.select().where(Barcode.item == item).order_by(Barcode.code))


def other_names_of(item: bytes) -> list[str]:
    query = ItemName.select(ItemName.name).where(ItemName.item == item).order_by(ItemName.name)
    return [row.name for row in query]
