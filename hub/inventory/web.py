"""Pages of stock: what is where, who holds it, receiving, status and locks.

Counting and letting go of claims touch orders and work, so those acts are `hub.desk`'s.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.catalog import queries as catalog
from hub.catalog.models import Item
from hub.errors import NotFound
from hub.inventory import queries, service
from hub.inventory.acts import Goods, LockBin, Receive, SetStatus
from hub.inventory.models import Allocation, Balance, Movement, Place
from hub.inventory.queries import StockRow
from hub.web import acts, forms, naming, paging
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _

HISTORY_ROWS: Final = 30
pages = Blueprint("inventory", __name__, template_folder="templates")


@pages.get("/stock")
@needs("inventory", "read")
def stock() -> ResponseReturnValue:
    """Everything in real places, bin by bin."""
    status, search = request.args.get("status", ""), request.args.get("q", "").strip()
    page = paging.page_of(_stock_page(status, search), lambda row: [row.code, row.balance])
    naming.prepare("item", [row.item for row in page.rows])
    naming.prepare("item name", [row.item for row in page.rows])
    return render_template(
        "inventory/stock.html", page=page, totals=queries.stock_by_status(web().site),
        status=status, search=search,
    )  # fmt: skip


def _stock_page(status: str, search: str) -> list[StockRow]:
    query: Any = (
        Balance.select(
            Balance.id, Balance.place, Place.kind, Place.code, Place.state, Balance.item,
            Balance.lot, Balance.status, Balance.on_hand, Balance.allocated,
        )
        .join(Place, on=(Place.id == Balance.place))
        .where(Balance.site == web().site, Balance.is_real, Balance.on_hand > 0)
    )  # fmt: skip
    if status:
        query = query.where(Balance.status == status)
    if search:
        items = [row.id for row in catalog.item_page(web().company, text=search, rows=100)]
        query = query.where(Place.code.startswith(search.upper()) | Balance.item.in_(items))
    cursor = paging.after()
    if len(cursor) == 2:
        last = forms.id_of("row", cursor[1])
        query = query.where(
            (Place.code > cursor[0]) | ((Place.code == cursor[0]) & (Balance.id > last))
        )
    ordered = query.order_by(Place.code, Balance.id).limit(paging.ROWS + 1)
    return [StockRow(*row) for row in ordered.tuples()]


@pages.get("/stock/item/<item>")
@needs("inventory", "read")
def stock_of_item(item: str) -> ResponseReturnValue:
    """One article: where it is, in which status, and who holds it."""
    id = forms.id_of("item", item)
    found = Item.get_or_none(Item.id == id, Item.company == web().company)
    if found is None:
        raise NotFound("item", item)
    return render_template(
        "inventory/item.html", item=found, rows=queries.stock_of_item(web().site, id),
        holders=_prepared(queries.who_holds_item(web().site, id)),
        movements=_movements(Movement.item == id),
    )  # fmt: skip


@pages.get("/stock/place/<place>")
@needs("inventory", "read")
def stock_in_place(place: str) -> ResponseReturnValue:
    """One bin, tote or parcel: what is in it and what moved."""
    found = _place(place)
    rows = queries.stock_in(web().site, found.id)
    naming.prepare("item", [row.item for row in rows])
    naming.prepare("item name", [row.item for row in rows])
    return render_template(
        "inventory/place.html", place=found, rows=rows, locks=service.BIN_LOCKS,
        movements=_movements((Movement.from_place == found.id) | (Movement.to_place == found.id)),
    )  # fmt: skip


@pages.get("/stock/balance/<balance>")
@needs("inventory", "read")
def who_holds(balance: str) -> ResponseReturnValue:
    """The goods of one kind in one place: who holds them, and what may be done about it."""
    row = _balance(balance)
    return render_template(
        "inventory/balance.html", row=row, statuses=service.STATUSES,
        place=queries.places([row.place])[row.place],
        holders=_prepared(queries.who_holds(row.id)),
        movements=_movements(
            (Movement.item == row.item)
            & ((Movement.from_place == row.place) | (Movement.to_place == row.place))
        ),
    )  # fmt: skip


def _prepared(holders: list[queries.Holder]) -> list[queries.Holder]:
    naming.prepare("order", [holder.order for holder in holders])
    return holders


def _movements(which: Any) -> list[Movement]:
    query = Movement.select().where(Movement.site == web().site).where(which)
    rows = list(query.order_by(Movement.position.desc()).limit(HISTORY_ROWS))
    naming.prepare("place", [id for row in rows for id in (row.from_place, row.to_place)])
    naming.prepare("item", [row.item for row in rows])
    naming.prepare("person", [row.actor for row in rows])
    return rows


def _place(place: str) -> queries.PlaceRow:
    found = queries.place_of(web().site, forms.id_of("place", place))
    if found is None:
        raise NotFound("place", place)
    return found


def _balance(balance: str) -> Balance:
    id = forms.id_of("stock", balance)
    found = Balance.get_or_none(Balance.id == id, Balance.site == web().site)
    if found is None:
        raise NotFound("stock", balance)
    return found


# --- correcting ----------------------------------------------------------------------------------


@pages.post("/stock/balance/<balance>/status")
@needs(*SetStatus.NEEDS)
def set_status(balance: str) -> ResponseReturnValue:
    row, quantity = _balance(balance), forms.count("quantity")
    target, reason = forms.words("status", signs_max=20), forms.words("reason")
    acts.carry_out(
        SetStatus(row.place, row.item, quantity, row.status, target, reason, lot=row.lot)
    )
    flash(_("Done."), "done")
    return redirect(f"/stock/place/{row.place.hex()}", 303)


@pages.post("/stock/receive")
@needs(*Receive.NEEDS)
def receive() -> ResponseReturnValue:
    """Goods from the vendor straight into a bin."""
    bin_code, sku = forms.words("bin", signs_max=40).upper(), forms.words("sku", signs_max=60)
    quantity, reason = forms.count("quantity"), forms.words("reason")
    item = catalog.item_of_code(web().company, sku)
    if item is None:
        raise NotFound("item", sku)
    id, units = item[0].id, item[1] * quantity
    acts.carry_out(Receive((Goods(bin_code, id, units),), reason))
    flash(_("{n} × {sku} is in {bin}.", n=units, sku=item[0].sku, bin=bin_code), "done")
    return redirect("/stock?q=" + bin_code, 303)


@pages.post("/stock/place/<place>/lock")
@needs(*LockBin.NEEDS)
def lock(place: str) -> ResponseReturnValue:
    """Lock a bin, or open it again."""
    code, wanted = _place(place).code, forms.words("lock", signs_max=20)
    acts.carry_out(LockBin(code, wanted))
    flash(_("Done."), "done")
    return redirect(f"/stock/place/{place}", 303)


# --- names ---------------------------------------------------------------------------------------


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    found = queries.places(ids)
    return {id: (place.code, f"/stock/place/{id.hex()}") for id, place in found.items()}


def _claims(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = (
        Allocation.select(Allocation.id, Allocation.quantity, Allocation.balance)
        .where(Allocation.id.in_(ids))
        .tuples()
    )
    return {id: (str(quantity), f"/stock/balance/{b.hex()}") for id, quantity, b in rows}


naming.tell("place", _names)
naming.tell("claim", _claims)
