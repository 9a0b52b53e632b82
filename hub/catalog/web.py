"""Pages of the catalogue: articles, one article, its barcodes."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from hub.catalog import queries
from hub.catalog.acts import RemoveBarcode, SaveBarcode, SaveItem
from hub.catalog.models import Item
from hub.errors import NotFound
from hub.web import acts, forms, naming, paging
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _

STATUSES: Final = ("ACTIVE", "BLOCKED", "RETIRED")
pages = Blueprint("catalog", __name__, template_folder="templates")


@pages.get("/items")
@needs("catalog", "read")
def items() -> ResponseReturnValue:
    search, status = request.args.get("q", "").strip(), request.args.get("status", "")
    rows = queries.item_page(
        web().company, text=search, status=status, after=_after(), rows=paging.ROWS + 1
    )
    page = paging.page_of(rows, lambda row: [row.sku])
    return render_template(
        "catalog/items.html", page=page, search=search, status=status, statuses=STATUSES
    )


def _after() -> str:
    return "~".join(paging.after())


@pages.get("/items/new")
@needs("catalog", "edit")
def new_item() -> ResponseReturnValue:
    return render_template("catalog/new_item.html", statuses=STATUSES)


@pages.post("/items/new", endpoint="add_item")
@needs(*SaveItem.NEEDS)
def add_item() -> ResponseReturnValue:
    sku, fields = forms.words("sku", signs_max=60), _fields()
    id = _save(sku, fields)
    return acts.done(f"/items/{id.hex()}")


def _fields() -> dict[str, Any]:
    return {
        "name": forms.words("name", signs_max=200),
        "price_micros": forms.price_micros("price"),
        "status": forms.words("status", signs_max=20),
        "weight_g": forms.count("weight_g", least=0),
        "volume_ml": forms.count("volume_ml", least=0),
    }


def _save(sku: str, fields: dict[str, Any]) -> bytes:
    return acts.carry_out(SaveItem(web().company, sku, **fields))


def _item(item: str) -> Item:
    found = Item.get_or_none(Item.company == web().company, Item.id == forms.id_of("item", item))
    if found is None:
        raise NotFound("item", item)
    return found


@pages.get("/items/<item>")
@needs("catalog", "read")
def item(item: str) -> ResponseReturnValue:
    found = _item(item)
    return render_template(
        "catalog/item.html", item=found, barcodes=queries.barcodes_of(found.id),
        other_names=[name for name in queries.other_names_of(found.id) if name != found.name],
        statuses=STATUSES,
    )  # fmt: skip


@pages.post("/items/<item>")
@needs(*SaveItem.NEEDS)
def change_item(item: str) -> ResponseReturnValue:
    """Refused when somebody else saved it after this page was opened."""
    _save(_item(item).sku, {**_fields(), "version": forms.count("version")})
    return acts.done(f"/items/{item}")


@pages.post("/items/<item>/barcodes")
@needs(*SaveBarcode.NEEDS)
def add_barcode(item: str) -> ResponseReturnValue:
    id, code = _item(item).id, forms.words("code", signs_max=90)
    unit, quantity = forms.words("unit", signs_max=20), forms.count("quantity")
    acts.carry_out(SaveBarcode(web().company, code, id, unit, quantity))
    return acts.done(
        f"/items/{item}", _("The barcode {code} means {n} of it.", code=code, n=quantity)
    )


@pages.post("/items/<item>/barcodes/remove")
@needs(*RemoveBarcode.NEEDS)
def remove_barcode(item: str) -> ResponseReturnValue:
    _item(item)
    code = forms.words("code", signs_max=90)
    acts.carry_out(RemoveBarcode(web().company, code))
    return acts.done(f"/items/{item}", _("The barcode {code} means nothing any more.", code=code))


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = Item.select(Item.id, Item.sku).where(Item.id.in_(ids)).tuples()
    return {id: (sku, f"/items/{id.hex()}") for id, sku in rows}


def _titles(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = Item.select(Item.id, Item.name).where(Item.id.in_(ids)).tuples()
    return {id: (name, "") for id, name in rows}


naming.tell("item", _names)
naming.tell("item name", _titles)
