"""What is done to the catalogue: articles and their barcodes are made and changed here alone."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.catalog import rules
from hub.catalog.models import Barcode, Item, ItemName
from hub.db import Insert
from hub.errors import BadValue, HubError, NotFound
from hub.journal import Act

_insert_item: Final = Insert(Item)
_insert_name: Final = Insert(ItemName, or_ignore=True)
_insert_barcode: Final = Insert(Barcode, or_ignore=True)
_KEPT: Final = ("sku", "name", "status", "base_unit", "price_micros", "weight_g", "volume_ml")


class BarcodeTaken(HubError):
    """The code is another article's; one label means one thing."""

    code = "BARCODE_TAKEN"

    def __init__(self, barcode: str, holder: str, wanted: str) -> None:
        self.barcode, self.holder, self.wanted = barcode, holder, wanted
        super().__init__(
            f"The code {barcode} is on {holder} already, so it cannot also be on {wanted}. "
            f"Take it off {holder} first, or use another code."
        )


class ChangedMeanwhile(HubError):
    """Somebody else saved the article after this person had opened it."""

    code = "CHANGED_MEANWHILE"

    def __init__(self, sku: str, seen: int, now: int) -> None:
        self.sku, self.seen, self.now = sku, seen, now
        super().__init__(
            f"{sku} was changed by somebody else (version {now}, you saw {seen}). Open it again."
        )


class _Found(NamedTuple):
    id: bytes
    version: int
    sku: str
    name: str
    status: str
    base_unit: str
    price_micros: int
    weight_g: int
    volume_ml: int


def save_item(
    act: Act, company: str, sku: str, name: str, *, price_micros: int | None = None,
    status: str | None = None, base_unit: str | None = None, weight_g: int | None = None,
    volume_ml: int | None = None, version: int | None = None,
) -> bytes:  # fmt: skip
    """Make an article or bring it up to date; returns its id. Safe to repeat.

    What is None stays as it is. A name it had before remains in `item_name`. `version` is the one
    the person saw: raises ChangedMeanwhile if it is not the newest. Raises BadValue and
    BarcodeTaken (the SKU is another article's barcode).
    """
    sku, name = rules.clean_sku(sku), rules.clean_name(name)
    wanted: dict[str, Any] = {
        "sku": sku, "name": name, "price_micros": price_micros, "base_unit": base_unit,
        "weight_g": weight_g, "volume_ml": volume_ml,
        "status": None if status is None else rules.clean_status(status),
    }  # fmt: skip
    _check_amounts(wanted)
    found = _find(act, company, sku)
    if found is None:
        return _make(act, company, wanted)
    if version is not None and version != found.version:
        raise ChangedMeanwhile(found.sku, version, found.version)
    _change(act, found, wanted)
    return found.id


def _check_amounts(wanted: dict[str, Any]) -> None:
    for field in ("price_micros", "weight_g", "volume_ml"):
        value = wanted[field]
        if value is not None and value < 0:
            raise BadValue(field, value, "it must not be below zero")


def _find(act: Act, company: str, sku: str) -> _Found | None:
    row = act.tx.row(
        "SELECT id, version, sku, name, status, base_unit, price_micros, weight_g, volume_ml "
        "FROM item WHERE company = ? AND sku_key = ?",
        (company, rules.sku_key(sku)),
    )
    return None if row is None else _Found(bytes(row[0]), *row[1:])


def _make(act: Act, company: str, wanted: dict[str, Any]) -> bytes:
    _refuse_foreign_code(act, company, wanted["sku"])
    id = act.new_id()
    act.tx.run(
        _insert_item.sql,
        (id, company, wanted["sku"], rules.sku_key(wanted["sku"]), wanted["name"],
         wanted["status"] or "ACTIVE", wanted["base_unit"] or "each", wanted["price_micros"] or 0,
         wanted["weight_g"] or 0, wanted["volume_ml"] or 0, 1, act.now_us, act.now_us),
    )  # fmt: skip
    return id


def _refuse_foreign_code(act: Act, company: str, sku: str) -> None:
    holder = _holder_of(act, company, rules.normal_code(sku))
    if holder is not None:
        raise BarcodeTaken(sku, holder[1], f"a new article {sku}")


def _change(act: Act, found: _Found, wanted: dict[str, Any]) -> None:
    new = [getattr(found, k) if wanted[k] is None else wanted[k] for k in _KEPT]
    if new == [getattr(found, k) for k in _KEPT]:
        return
    act.tx.run(
        f"UPDATE item SET {', '.join(f'{k} = ?' for k in _KEPT)}, version = version + 1, "
        "changed_at = ? WHERE id = ?",
        (*new, act.now_us, found.id),
    )
    if wanted["name"] != found.name:
        add_name(act, found.id, found.name)


def add_name(act: Act, item: bytes, name: str) -> None:
    """Note another description under which the article was seen. Safe to repeat."""
    act.tx.add(_insert_name, (item, rules.clean_name(name), act.now_us))


def save_barcode(
    act: Act, company: str, code: str, item: bytes, *, unit: str = "each", quantity: int = 1
) -> None:
    """Say that a label with this code means `quantity` base units of the article.

    A case barcode is worth what is in the case. Safe to repeat; the same code on the same article
    is brought up to date. Raises BarcodeTaken (names both articles), BadValue, NotFound.
    """
    kept = rules.normal_code(code)
    if quantity < 1:
        raise BadValue("quantity", quantity, "a barcode is worth at least one unit")
    wanted = _sku_of(act, item)
    _refuse_other_holder(act, company, kept, item, wanted)
    changed = act.tx.run(
        "UPDATE barcode SET unit = ?, quantity = ? WHERE company = ? AND code = ? AND item = ?",
        (unit, quantity, company, kept, item),
    )
    if changed != 1 and act.tx.run(
        _insert_barcode.sql, (company, kept, item, unit, quantity)
    ) != 1:  # fmt: skip
        _refuse_other_holder(act, company, kept, item, wanted)


def _sku_of(act: Act, item: bytes) -> str:
    row = act.tx.row("SELECT sku FROM item WHERE id = ?", (item,))
    if row is None:
        raise NotFound("article", item.hex())
    return str(row[0])


def _refuse_other_holder(act: Act, company: str, code: str, item: bytes, wanted: str) -> None:
    holder = _holder_of(act, company, code) or _article_called(act, company, code)
    if holder is not None and holder[0] != item:
        raise BarcodeTaken(code, holder[1], wanted)


def _holder_of(act: Act, company: str, code: str) -> tuple[bytes, str] | None:
    row = act.tx.row(
        "SELECT i.id, i.sku FROM barcode b JOIN item i ON i.id = b.item "
        "WHERE b.company = ? AND b.code = ?",
        (company, code),
    )
    return None if row is None else (bytes(row[0]), str(row[1]))


def _article_called(act: Act, company: str, code: str) -> tuple[bytes, str] | None:
    """A SKU is scanned too, so another article's SKU is taken as well."""
    row = act.tx.row(
        "SELECT id, sku FROM item WHERE company = ? AND sku_key = ?",
        (company, rules.sku_key(code)),
    )
    return None if row is None else (bytes(row[0]), str(row[1]))


def remove_barcode(act: Act, company: str, code: str) -> None:
    """Take a code off its article; raises NotFound. Past scans keep what they meant."""
    kept = rules.normal_code(code)
    if act.tx.run("DELETE FROM barcode WHERE company = ? AND code = ?", (company, kept)) != 1:
        raise NotFound("barcode", code)
