"""Reads of orders: lists with filters, one order with its lines, and its story from facts.

Pages ask here; nothing is written. Lists go by index and say no more than a page of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import peewee

from hub.catalog.models import Item
from hub.catalog.rules import sku_key
from hub.customers.models import Customer
from hub.errors import NotFound
from hub.orders import numbers, rules
from hub.orders.models import (
    STAGES,
    LineMove,
    OrderCharge,
    OrderHold,
    OrderLine,
    OrderReturn,
    SalesOrder,
)

PAGE_ROWS: Final = 50


class OrderRow(NamedTuple):
    """One order on a list."""

    id: bytes
    number: str
    external_id: str | None
    channel: str
    customer: str
    country: str
    state: str
    fulfilment: str
    placed_at: int
    due_at: int
    priority: int
    lines: int
    units: int
    """Units wanted: ordered less cancelled."""
    is_in_wave: bool


class LineView(NamedTuple):
    """One line of an order."""

    id: bytes
    n: int
    item: bytes
    sku: str
    name: str
    unit: str
    unit_quantity: int
    price_micros: int
    amount_minor: int
    stages: rules.Stages
    returned: int


class OrderView(NamedTuple):
    """One order, whole."""

    head: SalesOrder
    customer: str
    fulfilment: str
    lines: list[LineView]
    charges: list[OrderCharge]
    holds: list[OrderHold]
    returns: list[OrderReturn]
    total_minor: int
    """Lines as ordered, and charges."""


class Fact(NamedTuple):
    """Something that happened to an order. `values` fill the text of `what`."""

    at: int
    what: str
    actor: bytes
    values: dict[str, Any]


def known_documents(company: str, channel: str) -> set[str]:
    """External ids of every order that the channel sent."""
    query = SalesOrder.select(SalesOrder.external_id).where(
        (SalesOrder.company == company)
        & (SalesOrder.channel == channel)
        & SalesOrder.external_id.is_null(False)
    )
    return {str(row.external_id) for row in query}


def order_page(
    site: str, *, company: str, state: str = "", text: str = "",
    before: tuple[int, bytes] | None = None, rows: int = PAGE_ROWS,
) -> list[OrderRow]:  # fmt: skip
    """The newest orders of a site, the next `rows` before (placed_at, id).

    `text` finds a number, an external id (or its beginning), a customer's number, or a SKU.
    """
    o = SalesOrder
    query = o.select().where(o.site == site)
    if state:
        query = query.where(o.state == state)
    if text.strip():
        found = _found(company, text.strip())
        if not found:
            return []
        query = query.where(o.id.in_(found))
    if before is not None:
        at, id = before
        query = query.where(o.placed_at <= at).where((o.placed_at < at) | (o.id < id))
    heads = list(query.order_by(o.placed_at.desc(), o.id.desc()).limit(rows))
    return _rows_of(heads)


FOUND_MAX: Final = 200
"""Orders that each way of a search may find, the newest first; more asks for a better text."""
LOOKED_AT_MAX: Final = 5_000
PREFIX_CHARS_MIN: Final = 3
"""A shorter text finds the document of exactly this name alone."""


def _found(company: str, text: str) -> list[bytes]:
    """Ids of orders that a search text means: by number, external id, customer, or article."""
    o = SalesOrder
    written = numbers.written("order", int(text)) if _is_small_number(text) else text.upper()
    is_long = len(text) >= PREFIX_CHARS_MIN
    ways = [
        (o.company == company) & (o.number == written),
        (o.company == company)
        & (_begins(o.external_id, text) if is_long else o.external_id == text),
    ]
    customer = Customer.get_or_none((Customer.company == company) & (Customer.external_id == text))
    if customer is not None:
        ways.append(o.customer == customer.id)
    found = [id for way in ways for id in _newest(o.select(o.placed_at, o.id).where(way))]
    return list(dict.fromkeys([*found, *_with_article(company, text)]))


def _is_small_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 15


def _begins(column: Any, text: str) -> Any:
    """A range, since LIKE would not use the index."""
    return (column >= text) & (column < text + "\U0010ffff")


def _newest(query: Any) -> list[bytes]:
    """Sorted here: told to sort, SQLite leaves the index that finds for the one that sorts."""
    rows = sorted(query.limit(LOOKED_AT_MAX).tuples().execute(), reverse=True)
    return [id for _, id in rows[:FOUND_MAX]]


def _with_article(company: str, text: str) -> list[bytes]:
    """The orders that were entered last: ids grow with time, and the index has them in order."""
    item = Item.get_or_none((Item.company == company) & (Item.sku_key == sku_key(text)))
    if item is None:
        return []
    query = (
        OrderLine.select(OrderLine.order)
        .where(OrderLine.item == item.id)
        .order_by(OrderLine.order.desc())
        .limit(FOUND_MAX)
        .tuples()
    )
    return [order for (order,) in query.execute()]


def _rows_of(heads: Sequence[SalesOrder]) -> list[OrderRow]:
    sums = _stages_by_order([head.id for head in heads])
    customers = _customers([head.customer for head in heads if head.customer])
    return [_row(head, *sums.get(head.id, (rules.Stages(0), 0)), customers) for head in heads]


def _row(
    head: SalesOrder, stages: rules.Stages, lines: int, customers: dict[bytes, str]
) -> OrderRow:
    return OrderRow(
        head.id, head.number, head.external_id, head.channel, customers.get(head.customer, ""),
        head.country, head.state, rules.fulfilment_status([stages]), head.placed_at, head.due_at,
        head.priority, lines, stages.ordered - stages.cancelled, head.wave is not None,
    )  # fmt: skip


def _stages_by_order(orders: Sequence[bytes]) -> dict[bytes, tuple[rules.Stages, int]]:
    """Order → its units by stage, and how many lines it has."""
    if not orders:
        return {}
    columns = [OrderLine.ordered, *(getattr(OrderLine, stage) for stage in STAGES)]
    query = (
        OrderLine.select(
            OrderLine.order, peewee.fn.COUNT(OrderLine.id), *map(peewee.fn.SUM, columns)
        )
        .where(OrderLine.order.in_(list(orders)))
        .group_by(OrderLine.order)
        .tuples()
    )
    return {
        order: (rules.Stages(*map(int, units)), count) for order, count, *units in query.execute()
    }


def _customers(ids: Sequence[bytes]) -> dict[bytes, str]:
    query = Customer.select(Customer.id, Customer.external_id).where(Customer.id.in_(list(ids)))
    return {row.id: row.external_id or "" for row in query} if ids else {}


def state_counts(site: str) -> dict[str, int]:
    """How many orders are in each decision state."""
    query = (
        SalesOrder.select(SalesOrder.state, peewee.fn.COUNT(SalesOrder.id))
        .where(SalesOrder.site == site)
        .group_by(SalesOrder.state)
        .tuples()
    )
    return dict(query.execute())


def order_of(id: bytes) -> OrderView:
    """One order with all that hangs on it; raises NotFound."""
    head = SalesOrder.get_or_none(SalesOrder.id == id)
    if head is None:
        raise NotFound("order", id.hex())
    lines = lines_of(id)
    charges = list(OrderCharge.select().where(OrderCharge.order == id).order_by(OrderCharge.id))
    total = sum(line.amount_minor for line in lines) + sum(c.amount_minor for c in charges)
    return OrderView(
        head, _customers([head.customer] if head.customer else []).get(head.customer, ""),
        rules.fulfilment_status([line.stages for line in lines]), lines, charges, holds_of(id),
        list(OrderReturn.select().where(OrderReturn.order == id).order_by(OrderReturn.at)), total,
    )  # fmt: skip


def order_numbered(company: str, number: str) -> bytes:
    """The id of an order; raises NotFound."""
    head = SalesOrder.get_or_none(
        (SalesOrder.company == company) & (SalesOrder.number == number.strip().upper())
    )
    if head is None:
        raise NotFound("order", number)
    return head.id


def lines_of(order: bytes) -> list[LineView]:
    """The lines of an order, in order."""
    line = OrderLine
    columns = [line.ordered, *(getattr(line, stage) for stage in STAGES)]
    query = (
        line.select(
            line.id, line.n, line.item, Item.sku, line.name, line.unit, line.unit_quantity,
            line.price_micros, line.returned, *columns,
        )
        .join(Item, on=(Item.id == line.item))
        .where(line.order == order)
        .order_by(line.n)
        .tuples()
    )  # fmt: skip
    return [_line(*row) for row in query.execute()]


def _line(
    id: bytes, n: int, item: bytes, sku: str, name: str, unit: str, unit_quantity: int,
    price_micros: int, returned: int, *stages: int,
) -> LineView:  # fmt: skip
    amount = rules.amount_minor(unit_quantity, price_micros)
    return LineView(
        id, n, item, sku, name, unit, unit_quantity, price_micros, amount, rules.Stages(*stages),
        returned,
    )  # fmt: skip


def holds_of(order: bytes) -> list[OrderHold]:
    query = OrderHold.select().where(OrderHold.order == order)
    return list(query.order_by(OrderHold.placed_at, OrderHold.id))


def unmatched_returns(company: str, *, rows: int = PAGE_ROWS) -> list[OrderReturn]:
    """Goods given back for which no order is known, newest first."""
    query = OrderReturn.select().where(
        (OrderReturn.company == company) & (OrderReturn.state == "UNMATCHED")
    )
    return list(query.order_by(OrderReturn.at.desc(), OrderReturn.id).limit(rows))


def timeline(order: bytes, more: Sequence[Fact] = ()) -> list[Fact]:
    """What happened to an order, oldest first: placed, held, every stage its units went through.

    `more` are facts of capabilities that orders do not know (wave, parcels), merged by time.
    """
    head = SalesOrder.get_or_none(SalesOrder.id == order)
    if head is None:
        raise NotFound("order", order.hex())
    facts = [Fact(head.created_at, "PLACED", bytes(16), {"channel": head.channel})]
    facts += [*_hold_facts(order), *_move_facts(order), *_return_facts(order), *more]
    if head.closed_at is not None:
        facts.append(Fact(head.closed_at, head.state, bytes(16), {}))
    return sorted(facts, key=lambda fact: fact.at)


def _hold_facts(order: bytes) -> list[Fact]:
    facts = []
    for hold in holds_of(order):
        values = {"reason": hold.reason, "note": hold.note}
        facts.append(Fact(hold.placed_at, "HELD", bytes(16), values))
        if hold.released_at is not None:
            facts.append(Fact(hold.released_at, "HOLD_LIFTED", bytes(16), values))
    return facts


def _move_facts(order: bytes) -> list[Fact]:
    """One fact for each act and step, with its lines and units together."""
    m = LineMove
    query = (
        m.select(
            peewee.fn.MIN(m.occurred_at), m.from_stage, m.to_stage, m.actor, m.reason,
            peewee.fn.COUNT(OrderLine.id.distinct()), peewee.fn.SUM(m.quantity),
        )
        .join(OrderLine, on=(OrderLine.id == m.order_line))
        .where((OrderLine.order == order) & (m.from_stage != ""))
        .group_by(m.cause, m.from_stage, m.to_stage, m.actor, m.reason)
        .tuples()
    )  # fmt: skip
    return [
        Fact(at, "UNITS_MOVED", bytes(actor), {"from": source, "to": target, "reason": reason,
                                               "lines": lines, "units": int(units)})
        for at, source, target, actor, reason, lines, units in query.execute()
    ]  # fmt: skip


def _return_facts(order: bytes) -> list[Fact]:
    query = OrderReturn.select().where(OrderReturn.order == order)
    return [
        Fact(r.at, "RETURNED", bytes(16), {"document": r.external_id, "units": r.quantity})
        for r in query
    ]
