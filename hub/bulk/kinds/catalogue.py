"""Files of articles and of their barcodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from hub.bulk.kinds.row_file import RowFile, Values, refuse_doubles
from hub.bulk.posting import Context
from hub.bulk.reading import Errors, price_micros, some_text, whole_number
from hub.catalog import rules, service
from hub.catalog.models import Barcode, Item
from hub.errors import NotFound
from hub.journal import Act
from protocols.limits import QUANTITY_MAX

AMOUNT_MAX: Final = 10**9


def price(text: str) -> int:
    """A price from 0; empty is 0."""
    micros = price_micros(text or "0")
    if micros < 0:
        raise ValueError("a price is not below zero")
    return micros


def amount(text: str) -> int:
    """Grams or millilitres; empty is 0."""
    return whole_number(0, AMOUNT_MAX)(text or "0")


def unit(text: str) -> str:
    return text or "each"


class ItemFile(RowFile):
    """Articles: made, or brought up to date under the same SKU."""

    name = "items"
    needed = ("sku", "name")
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "sku": rules.clean_sku, "name": rules.clean_name,
        "status": lambda text: rules.clean_status(text or "ACTIVE"),
        "unit": unit, "price": price, "weight_g": amount, "volume_ml": amount,
    }  # fmt: skip

    def check(self, context: Context, rows: list[tuple[int, Values]], errors: Errors) -> None:
        refuse_doubles(rows, "sku", rules.sku_key, errors)
        holders = barcode_holders(context.company)
        for n, values in rows:
            holder = holders.get(rules.normal_code(values["sku"]))
            if holder is not None and rules.sku_key(holder) != rules.sku_key(values["sku"]):
                errors.add(n, "sku", "BARCODE_TAKEN", f"it is a barcode of {holder}")

    def post_row(self, act: Act, context: Context, values: Values) -> str:
        service.save_item(
            act, context.company, values["sku"], values["name"], status=values["status"],
            base_unit=values["unit"], price_micros=values["price"], weight_g=values["weight_g"],
            volume_ml=values["volume_ml"],
        )  # fmt: skip
        return "item"


class BarcodeFile(RowFile):
    """Barcodes of articles that the hub knows."""

    name = "barcodes"
    needed = ("code", "sku")
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "code": rules.normal_code, "sku": some_text, "unit": unit,
        "quantity": lambda text: whole_number(1, QUANTITY_MAX)(text or "1"),
    }  # fmt: skip

    def check(self, context: Context, rows: list[tuple[int, Values]], errors: Errors) -> None:
        refuse_doubles(rows, "code", str, errors)
        known = skus(context.company)
        holders = barcode_holders(context.company)
        for n, values in rows:
            key, code = rules.sku_key(values["sku"]), values["code"]
            if key not in known:
                errors.add(n, "sku", "UNKNOWN_ARTICLE", f"there is no article {values['sku']}")
            for holder in {holders.get(code), known.get(rules.sku_key(code))} - {None}:
                if rules.sku_key(str(holder)) != key:
                    errors.add(n, "code", "BARCODE_TAKEN", f"{code} is on {holder} already")

    def post_row(self, act: Act, context: Context, values: Values) -> str:
        service.save_barcode(
            act, context.company, values["code"], item_id(act, context.company, values["sku"]),
            unit=values["unit"], quantity=values["quantity"],
        )  # fmt: skip
        return "barcode"


def skus(company: str) -> dict[str, str]:
    """Key → SKU of every article."""
    query = Item.select(Item.sku_key, Item.sku).where(Item.company == company)
    return {row.sku_key: row.sku for row in query}


def barcode_holders(company: str) -> dict[str, str]:
    """Code → SKU of the article whose label it is."""
    query = (
        Barcode.select(Barcode.code, Item.sku)
        .join(Item, on=(Item.id == Barcode.item))
        .where(Barcode.company == company)
    )
    return dict(query.tuples().execute())


def item_id(act: Act, company: str, sku: str) -> bytes:
    """The article of a staged row; raises NotFound, which cannot be: none is ever deleted."""
    row = act.tx.row(
        "SELECT id FROM item WHERE company = ? AND sku_key = ?", (company, rules.sku_key(sku))
    )
    if row is None:
        raise NotFound("article", sku)
    return bytes(row[0])
