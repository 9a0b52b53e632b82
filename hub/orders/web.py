"""Pages of orders: the list, one order with its story, holds and cancellations."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.errors import NotFound
from hub.orders import order_lists, rules
from hub.orders.acts import HoldOrder, ReleaseHold, SetPriority
from hub.orders.models import STAGES, OrderHold, OrderLine, SalesOrder
from hub.web import acts, forms, live, naming, paging
from hub.web.context import divisions, somebody, visitor, web
from hub.web.security import needs_somewhere
from hub.web.text import _, day_bounds

ALWAYS_SHOWN: Final = ("open", "picked", "shipped")
pages = Blueprint("orders", __name__, template_folder="templates")


@pages.get("/orders")
@needs_somewhere("orders", "read")
def orders() -> ResponseReturnValue:
    """Newest first; every filter is in the address, so a list can be sent to a colleague."""
    view, search = request.args.get("view", "all"), request.args.get("q", "").strip()
    ids = {name: _id_in_address(name) for name in ("item", "customer", "wave")}
    seen = divisions("orders", "read")
    rows = order_lists.order_page(
        web().site, company=web().company, view=view, text=search, now_us=web().now_us(),
        day_end_us=day_bounds(web().now_us())[1],
        after=_cursor(), rows=paging.ROWS + 1, divisions=seen, **ids,
    )  # fmt: skip
    page = paging.page_of(rows, lambda row: [row.placed_at, row.id])
    naming.prepare("wave", [row.wave for row in page.rows])
    naming.prepare("customer", [row.customer for row in page.rows])
    return render_template(
        "orders/orders.html", page=page, view=view, search=search, views=_views(), ids=ids,
        counts=order_lists.counts_by_state(web().site, seen), is_live=seen is None,
    )  # fmt: skip


def _views() -> list[tuple[str, str]]:
    return [
        ("all", _("All")), ("open", _("Open")), ("due", _("Due today")), ("todo", _("To plan")),
        ("late", _("Late")),
        ("waiting", _("Waiting for stock")), ("held", _("On hold")), ("closed", _("Closed")),
        ("cancelled", _("Cancelled")),
    ]  # fmt: skip


def _id_in_address(name: str) -> bytes | None:
    value = request.args.get(name)
    return forms.id_of(name, value) if value else None


def _cursor() -> tuple[int, bytes] | None:
    cursor = paging.after()
    if len(cursor) != 2 or not cursor[0].isdecimal():
        return None
    return int(cursor[0][:18]), forms.id_of("row", cursor[1])


@pages.get("/orders/<order>")
@needs_somewhere("orders", "read")
def order(order: str) -> ResponseReturnValue:
    found = _order(order)
    web().people.require(somebody(), "orders", "read", found.division)
    return render_template("orders/order.html", order=found, **_parts(found))


def _order(order: str) -> SalesOrder:
    found = order_lists.order(web().site, forms.id_of("order", order))
    if found is None:
        raise NotFound("order", order)
    return found


def _parts(order: SalesOrder) -> dict[str, Any]:
    """What the page shows of an order, for its first drawing and for every change."""
    lines = order_lists.lines_of(order.id)
    story = order_lists.story_of(order.id)
    naming.prepare("item", [line.item for line in lines])
    naming.prepare("person", [fact.actor for fact in story])
    stages = [order_lists.stages_of(line) for line in lines]
    total = rules.sum_of(stages)
    return {
        "shown_stages": [s for s in STAGES if getattr(total, s) or s in ALWAYS_SHOWN],
        "lines": lines, "story": story, "holds": order_lists.holds_of(order.id),
        "total": total, "status": rules.fulfilment_status(stages),
        "reasons": rules.HOLD_REASONS,
        "is_open": order.state in order_lists.OPEN_STATES,
    }  # fmt: skip


@pages.post("/orders/<order>/holds")
@needs_somewhere(*HoldOrder.NEEDS)
def hold(order: str) -> ResponseReturnValue:
    id, reason = _order(order).id, forms.words("reason", signs_max=20)
    note = forms.words("note", is_needed=False, signs_max=200)
    acts.carry_out(HoldOrder(id, reason, note))
    flash(_("The order waits until the hold is released."), "done")
    return redirect(f"/orders/{order}", 303)


@pages.post("/orders/<order>/holds/<hold>/release")
@needs_somewhere(*ReleaseHold.NEEDS)
def release_hold(order: str, hold: str) -> ResponseReturnValue:
    id = forms.id_of("hold", hold)
    if OrderHold.get_or_none(OrderHold.id == id, OrderHold.order == _order(order).id) is None:
        raise NotFound("hold", hold)
    goes_on = acts.carry_out(ReleaseHold(id))
    flash(_("The order goes on.") if goes_on else _("Released; another hold stands."), "done")
    return redirect(f"/orders/{order}", 303)


@pages.post("/orders/<order>/priority")
@needs_somewhere(*SetPriority.NEEDS)
def set_priority(order: str) -> ResponseReturnValue:
    id, priority = _order(order).id, forms.count("priority", least=0)
    acts.carry_out(SetPriority(id, priority))
    flash(_("Saved."), "done")
    return redirect(f"/orders/{order}", 303)


# --- live and names ------------------------------------------------------------------------------


def _live_orders(_key: str) -> dict[str, Any]:
    counts = {"CLOSED": 0, **order_lists.counts_by_state(web().site)}
    return {"states": counts, "open": sum(counts.get(s, 0) for s in order_lists.OPEN_STATES)}


def _live_order(key: str) -> dict[str, Any]:
    found = _order(key)
    parts = _parts(found)
    return {
        "lines": render_template("orders/lines.html", order=found, **parts),
        "story": render_template("orders/story.html", order=found, **parts),
        "head": render_template("orders/head.html", order=found, **parts),
    }


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    query: Any = SalesOrder.select(SalesOrder.id, SalesOrder.number)
    rows = query.where(SalesOrder.id.in_(ids), *_seen()).tuples()
    return {id: (number, f"/orders/{id.hex()}") for id, number in rows}


def _seen() -> list[Any]:
    """Orders of other divisions have no name for whoever may not see them."""
    limited = divisions("orders", "read") if visitor() else None
    return [] if limited is None else [SalesOrder.division.in_(sorted(limited))]


def _line_names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = (
        OrderLine.select(OrderLine.id, OrderLine.order, OrderLine.n, SalesOrder.number)
        .join(SalesOrder, on=(SalesOrder.id == OrderLine.order))
        .where(OrderLine.id.in_(ids), *_seen())
        .tuples()
    )
    return {id: (f"{number} / {n}", f"/orders/{order.hex()}") for id, order, n, number in rows}


live.provide("orders", _live_orders, needs=("orders", "read"), every_ms=500)
live.provide(
    "order", _live_order, needs=("orders", "read"), division=lambda key: _order(key).division
)
naming.tell("order", _names)
naming.tell("order line", _line_names)
