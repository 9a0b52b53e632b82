"""The orders that wait for a wave: which are due, and which can be taken up again.

Reads only; what a wave does with them is `waves` and `allocating`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from peewee import fn

from hub.inventory.models import Balance
from hub.inventory.queries import in_parts
from hub.orders.models import OrderLine, SalesOrder

ORDERS_MAX: Final = 2_000
"""Orders of one wave."""


class OrderFilter(msgspec.Struct, frozen=True):
    """Which orders a wave takes; what is None does not matter."""

    due_before: int | None = None
    channel: str | None = None
    country: str | None = None
    priority_min: int | None = None
    orders_max: int = 200
    lines_max: int | None = None
    """Lines of all orders together; the first order is taken whatever it has."""


def due_orders(site: str, wanted: OrderFilter | None = None) -> list[bytes]:
    """Approved orders in no wave with units that still need stock: most urgent first."""
    wanted = wanted or OrderFilter()
    left = min(wanted.orders_max, ORDERS_MAX)
    ids: list[bytes] = []
    for priority in _priorities(site, wanted):
        ids += _due_of(site, wanted, priority, left - len(ids))
        if len(ids) == left:
            break
    return ids if wanted.lines_max is None else _first_lines(ids, wanted.lines_max)


def _priorities(site: str, wanted: OrderFilter) -> Iterator[int]:
    """The priorities that there are, highest first; each found by one step in the index."""
    below: list[Any] = []
    while True:
        asked = (*_asked(site, OrderFilter(priority_min=wanted.priority_min)), *below)
        (highest,) = SalesOrder.select(fn.MAX(SalesOrder.priority)).where(*asked).tuples()[0]
        if highest is None:
            return
        yield highest
        below = [SalesOrder.priority < highest]


def _due_of(site: str, wanted: OrderFilter, priority: int, orders_max: int) -> list[bytes]:
    needs = OrderLine.select(1).where((OrderLine.order == SalesOrder.id) & (OrderLine.open > 0))
    query: Any = (
        SalesOrder.select(SalesOrder.id)
        .where(*_asked(site, wanted), SalesOrder.priority == priority, fn.EXISTS(needs))
        .order_by(SalesOrder.due_at, SalesOrder.id)
        .limit(orders_max)
        .tuples()
    )
    return [id for (id,) in query]


def _asked(site: str, wanted: OrderFilter) -> list[Any]:
    asked: list[Any] = [
        SalesOrder.site == site, SalesOrder.state == "APPROVED", SalesOrder.wave.is_null(),
    ]  # fmt: skip
    if wanted.due_before is not None:
        asked.append(SalesOrder.due_at <= wanted.due_before)
    if wanted.channel is not None:
        asked.append(SalesOrder.channel == wanted.channel)
    if wanted.country is not None:
        asked.append(SalesOrder.country == wanted.country)
    if wanted.priority_min is not None:
        asked.append(SalesOrder.priority >= wanted.priority_min)
    return asked


def refillable_orders(site: str, orders_max: int = 200) -> list[bytes]:
    """Approved orders in no wave that wait for goods of which some are free in bins by now."""
    free = fn.EXISTS(
        Balance.select(1).where(
            (Balance.item == OrderLine.item)
            & (Balance.site == site)
            & (Balance.status == "AVAILABLE")
            & (Balance.on_hand > Balance.allocated)
            & Balance.is_real
        )
    )
    query: Any = (
        SalesOrder.select(SalesOrder.id)
        .join(OrderLine, on=(OrderLine.order == SalesOrder.id))
        .where(*_asked(site, OrderFilter()), OrderLine.backordered > 0, free)
        .group_by(SalesOrder.id, SalesOrder.priority, SalesOrder.due_at)
        .order_by(SalesOrder.priority.desc(), SalesOrder.due_at, SalesOrder.id)
        .limit(orders_max)
        .tuples()
    )
    return [id for (id,) in query]


def _first_lines(orders: Sequence[bytes], lines_max: int) -> list[bytes]:
    counts: dict[bytes, int] = {}
    for part in in_parts(orders):
        query: Any = (
            OrderLine.select(OrderLine.order, fn.COUNT(OrderLine.id))
            .where(OrderLine.order.in_(part) & (OrderLine.open > 0))
            .group_by(OrderLine.order)
            .tuples()
        )
        counts.update(dict(query))
    taken: list[bytes] = []
    lines = 0
    for order in orders:
        lines += counts.get(order, 0)
        if taken and lines > lines_max:
            break
        taken.append(order)
    return taken
