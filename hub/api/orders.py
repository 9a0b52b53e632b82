"""Orders over the API: take one in, look at them, cancel."""

from __future__ import annotations

from typing import Any, Final

from hub.api import schemas
from hub.api.door import ask, ask_somewhere, auth, id_of, made_refusals, make, pages, refusals
from hub.catalog import queries as catalog
from hub.catalog.models import Item
from hub.customers import queries as customers
from hub.desk.acts import CancelOrder
from hub.errors import BadValue, NotFound
from hub.orders import order_lists, rules, service
from hub.orders.acts import PlaceOrder
from hub.orders.models import SalesOrder
from hub.web import acts
from hub.web.context import divisions, web
from hub.web.text import day_bounds

_ITS_ID: Final = {"id": "$response.body#/id"}
MADE_ORDER: Final = {
    "order": {"operationId": "get_api_one_order", "parameters": _ITS_ID},
    "cancel": {"operationId": "post_api_cancel_order", "parameters": _ITS_ID},
}
"""Where to go with the answer (OpenAPI links)."""


@pages.post("/orders")
@pages.auth_required(auth)
@pages.input(schemas.NewOrder)
@pages.input(schemas.IdempotencyHeader, location="headers")
@pages.output(schemas.Made, status_code=201, links=MADE_ORDER)
@pages.doc(summary="Take an order in", responses=made_refusals(404, 409, 413))
def place_order(json_data: dict[str, Any], headers_data: dict[str, Any]) -> Any:
    return make(PlaceOrder(_new_order(json_data)), SalesOrder, headers_data["idempotency_key"])


def _new_order(wanted: dict[str, Any]) -> service.NewOrder:
    customer = None
    if wanted["customer"]:
        found = customers.customer_of(web().company, wanted["customer"])
        if found is None:
            raise NotFound("customer", wanted["customer"])
        customer = found.id
    return service.NewOrder(
        company=web().company, channel=wanted["channel"], external_id=wanted["external_id"],
        division=wanted["division"], customer=customer, country=wanted["country"],
        currency=wanted["currency"],
        ships_complete=wanted["ships_complete"], priority=wanted["priority"],
        due_at=wanted["due_at_us"], lines=_new_lines(wanted["lines"]),
    )  # fmt: skip


def _new_lines(wanted: list[dict[str, Any]]) -> list[service.NewLine]:
    """All articles in one look: an order may have a thousand lines."""
    items = catalog.ids_of_skus(web().company, {line["sku"] for line in wanted})
    for line in wanted:
        if line["sku"] not in items:
            raise NotFound("item", line["sku"])
    return [
        service.NewLine(items[line["sku"]], line["quantity"], price_micros=line["price_micros"])
        for line in wanted
    ]


@pages.get("/orders")
@pages.auth_required(auth)
@pages.input(schemas.OrderQuery, location="query")
@pages.output(schemas.OrderPage)
@pages.doc(summary="Orders, newest first", responses=refusals())
def list_orders(query_data: dict[str, Any]) -> Any:
    ask_somewhere("orders", "read")
    limit = query_data["limit"]
    rows = order_lists.order_page(
        web().site, company=web().company, view=query_data["view"], text=query_data["q"],
        now_us=web().now_us(),
        day_end_us=day_bounds(web().now_us())[1], after=_cursor(query_data.get("after")),
        rows=limit + 1, divisions=divisions("orders", "read"),
    )  # fmt: skip
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "orders": [_head(row, row.status, row.stages) for row in rows[:limit]],
        "next": f"{last.placed_at}~{last.id.hex()}" if last else None,
    }


def _cursor(text: str | None) -> tuple[int, bytes] | None:
    if not text:
        return None
    at, _, id = text.partition("~")
    if not (at.isascii() and at.isdecimal() and len(at) < 19):
        raise BadValue("after", text, "use `next` of the page before")
    return int(at), id_of("page", id)


def _head(order: Any, status: str, stages: rules.Stages) -> dict[str, Any]:
    return {
        "id": order.id.hex(), "number": order.number, "external_id": order.external_id,
        "state": order.state, "status": status, "channel": order.channel,
        "division": order.division,
        "placed_at_us": order.placed_at, "due_at_us": order.due_at, "units": stages._asdict(),
    }  # fmt: skip


@pages.get("/orders/<id>")
@pages.auth_required(auth)
@pages.output(schemas.OrderOut)
@pages.doc(summary="One order: where every unit is", responses=refusals(404))
def one_order(id: str) -> Any:
    ask_somewhere("orders", "read")
    found = order_lists.order(web().site, id_of("order", id))
    if found is None:
        raise NotFound("order", id)
    ask("orders", "read", found.division)
    lines = order_lists.lines_of(found.id)
    stages = [order_lists.stages_of(line) for line in lines]
    ids = [line.item for line in lines]
    rows: Any = Item.select(Item.id, Item.sku).where(Item.id.in_(ids)).tuples()
    skus = dict(rows)
    return {
        **_head(found, rules.fulfilment_status(stages), rules.sum_of(stages)),
        "lines": [
            {"id": line.id.hex(), "n": line.n, "sku": skus.get(line.item, ""), "name": line.name,
             "units": units._asdict()}
            for line, units in zip(lines, stages, strict=True)
        ],
    }  # fmt: skip


@pages.post("/orders/<id>/cancel")
@pages.auth_required(auth)
@pages.input(schemas.Reason)
@pages.output(schemas.Cancelled)
@pages.doc(summary="Cancel all that no packer has seen",
           responses=refusals(404, 409, 413))  # fmt: skip
def cancel_order(id: str, json_data: dict[str, Any]) -> Any:
    order, reason = id_of("order", id), json_data["reason"]
    if order_lists.order(web().site, order) is None:
        raise NotFound("order", id)
    done = acts.carry_out(CancelOrder(order, reason))
    return done._asdict()
