"""Reads about waves and work: what a wave needs, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from peewee import fn

from hub.catalog.models import Item
from hub.errors import NotFound
from hub.inventory import queries as inventory
from hub.inventory.models import Allocation
from hub.inventory.queries import PlaceRow, in_parts
from hub.inventory.rules import BinStock
from hub.orders.models import OrderLine, SalesOrder
from hub.warehouse import rules
from hub.warehouse.floor import Floor, demo_floor, load_floor
from hub.warehouse.models import Assignment, Wave, WorkLine
from hub.warehouse.rules import LineDemand, OrderDemand, PlannedTour, Stop, WalkOrder
from hub.warehouse.states import LINE_OVER
from hub.warehouse.walkways import Spot


class ShortLine(msgspec.Struct, frozen=True):
    """A line that a wave cannot fill, and why. Ids are hexadecimal."""

    order: str
    number: str
    line: str
    item: str
    sku: str
    name: str
    wanted: int
    missing: int
    code: str
    values: dict[str, int]


class Preview(msgspec.Struct, frozen=True):
    """What a wave will walk and lack, as stored with it. `is_final`: from the claims themselves."""

    tours: tuple[PlannedTour, ...] = ()
    walk_cm: int = 0
    bound_cm: int = 0
    baseline_cm: int = 0
    totes: int = 0
    lines: int = 0
    units: int = 0
    shortages: tuple[ShortLine, ...] = ()
    left_out: tuple[str, ...] = ()
    """Orders that ship complete or not at all, and cannot now."""
    digest: str = ""
    """Of every claim that the tours cover."""
    is_final: bool = False


class Work(NamedTuple):
    """A claim as tours see it."""

    id: bytes
    balance: bytes
    order: bytes
    order_line: bytes
    item: bytes
    place: bytes
    quantity: int


def floor_of(site: str) -> Floor:
    """The floor of a site; the demo hall for a site that has not described its own."""
    found = inventory.site(site)
    if found is None:
        raise NotFound("site", site)
    return _floor(found.floor)


@lru_cache(maxsize=8)
def _floor(text: str) -> Floor:
    return load_floor(text) if text else demo_floor()


def spot_on(floor: Floor, place: PlaceRow) -> Spot:
    """Where a person stands for this place; a place off the floor is fetched at the start."""
    ways = floor.walkways
    if place.aisle < len(ways.aisle_x_cm) and 0 <= place.y_cm <= ways.cross_y_cm[-1]:
        return Spot(place.aisle, place.y_cm)
    return floor.start


def wave(id: bytes) -> Wave:
    """One wave; raises NotFound."""
    found = Wave.get_or_none(Wave.id == id)
    if found is None:
        raise NotFound("wave", id.hex())
    return found


def preview_of(wave: Wave) -> Preview | None:
    """The stored preview; None while nobody has planned it yet."""
    return None if wave.plan in ("", "{}") else msgspec.json.decode(wave.plan, type=Preview)


def demand_of(orders: Sequence[bytes], *, with_backordered: bool = False) -> list[OrderDemand]:
    """What these orders need from stock, in the given order; those that need nothing are left out.

    `with_backordered`: also what waits already, for a preview of taking it up again.
    """
    needed = OrderLine.open + OrderLine.backordered if with_backordered else OrderLine.open
    lines: dict[bytes, list[LineDemand]] = {}
    complete: dict[bytes, bool] = {}
    for part in in_parts(orders):
        query: Any = (
            OrderLine.select(
                OrderLine.order, OrderLine.id, OrderLine.item, needed, SalesOrder.ships_complete
            )
            .join(SalesOrder, on=(SalesOrder.id == OrderLine.order))
            .where(OrderLine.order.in_(part) & (needed > 0))
            .order_by(OrderLine.order, OrderLine.n)
            .tuples()
        )
        for order, line, item, quantity, ships_complete in query:
            lines.setdefault(order, []).append(LineDemand(line, item, quantity))
            complete[order] = bool(ships_complete)
    return [OrderDemand(id, tuple(lines[id]), complete[id]) for id in orders if id in lines]


def orders_in(wave: bytes) -> list[bytes]:
    """The orders of a wave, most urgent first."""
    query: Any = (
        SalesOrder.select(SalesOrder.id)
        .where(SalesOrder.wave == wave)
        .order_by(SalesOrder.priority.desc(), SalesOrder.due_at, SalesOrder.id)
        .tuples()
    )
    return [id for (id,) in query]


def unallocated_in(wave: bytes, lines_max: int) -> list[bytes]:
    """The next orders of a wave whose units still need stock: about `lines_max` lines of them."""
    query: Any = (
        OrderLine.select(OrderLine.order)
        .join(SalesOrder, on=(SalesOrder.id == OrderLine.order))
        .where((SalesOrder.wave == wave) & (OrderLine.open > 0))
        .order_by(SalesOrder.priority.desc(), SalesOrder.due_at, SalesOrder.id)
        .limit(lines_max)
        .tuples()
    )
    return list(dict.fromkeys(id for (id,) in query))


def stock_for(site: str, demand: Iterable[OrderDemand]) -> dict[bytes, list[BinStock]]:
    """Every bin with free stock for this demand, with its walk from the start."""
    items = dict.fromkeys(line.item for order in demand for line in order.lines)
    return stock_of(site, items)


def stock_of(site: str, items: Iterable[bytes]) -> dict[bytes, list[BinStock]]:
    """Every bin with free stock of these items, with its walk from the start."""
    floor = floor_of(site)
    return {
        item: [
            bin._replace(distance_cm=floor.distance_cm(floor.start, spot_on(floor, where)))
            for bin, where in bins
        ]
        for item, bins in inventory.pickable(site, items).items()
    }


def claims_of(orders: Sequence[bytes], state: str = "ALLOCATED") -> list[Work]:
    """The claims of these orders in one state, in the order in which they were made."""
    works: list[Work] = []
    for part in in_parts(orders):
        query: Any = (
            Allocation.select(
                Allocation.id, Allocation.balance, Allocation.order, Allocation.order_line,
                Allocation.item, Allocation.place, Allocation.quantity,
            )
            .where(Allocation.order.in_(part) & (Allocation.state == state))
            .order_by(Allocation.order, Allocation.order_line, Allocation.id)
            .tuples()
        )  # fmt: skip
        works += [Work(*row) for row in query]
    return works


def walk_orders(
    floor: Floor, orders: Sequence[bytes], stops: Iterable[tuple[bytes, bytes]]
) -> list[WalkOrder]:
    """(order, place) pairs as stops on the floor, by order; orders without any are left out."""
    wanted: dict[bytes, list[bytes]] = {}
    for order, place in stops:
        wanted.setdefault(order, []).append(place)
    rows = inventory.places(dict.fromkeys(place for of in wanted.values() for place in of))
    spots = {id: spot_on(floor, row) for id, row in rows.items()}
    return [
        WalkOrder(order, tuple(Stop(place, spots[place]) for place in wanted[order]))
        for order in orders
        if order in wanted
    ]


def short_lines(site: str, shortages: Sequence[rules.Shortage]) -> tuple[ShortLine, ...]:
    """Shortages in words that people know, each with what could be done."""
    items = list(dict.fromkeys(short.item for short in shortages))
    totals = inventory.item_totals(site, items)
    names = {id: (sku, name) for id, sku, name in _of(Item, items, Item.id, Item.sku, Item.name)}
    orders = dict.fromkeys(short.order for short in shortages)
    numbers = dict(_of(SalesOrder, orders, SalesOrder.id, SalesOrder.number))
    listed = []
    for short in shortages:
        code, values = rules.explain_shortage(totals[short.item])
        sku, name = names.get(short.item, ("", ""))
        listed.append(
            ShortLine(
                short.order.hex(), numbers[short.order], short.line.hex(), short.item.hex(), sku,
                name, short.wanted, short.missing, code, values,
            )
        )  # fmt: skip
    return tuple(listed)


def _of(model: Any, ids: Iterable[bytes], *columns: Any) -> list[Any]:
    return [
        row
        for part in in_parts(ids)
        for row in model.select(*columns).where(model.id.in_(part)).tuples()
    ]


def backordered_in(wave: bytes) -> list[rules.Shortage]:
    """What a wave that is allocated could not fill."""
    query: Any = (
        OrderLine.select(
            OrderLine.order, OrderLine.id, OrderLine.item, OrderLine.ordered, OrderLine.backordered
        )
        .join(SalesOrder, on=(SalesOrder.id == OrderLine.order))
        .where((SalesOrder.wave == wave) & (OrderLine.backordered > 0))
        .order_by(SalesOrder.due_at, OrderLine.order, OrderLine.n)
        .tuples()
    )
    return [rules.Shortage(*row) for row in query]


def exists(query: Any) -> Any:
    """Whether a sub-query has a row."""
    return fn.EXISTS(query)


def has_goods_on_the_floor(wave: bytes) -> bool:
    """Whether units of a wave's orders are still with pickers or packers."""
    on_the_floor = (
        OrderLine.allocated + OrderLine.released + OrderLine.picked + OrderLine.packed
    ) > 0
    query: Any = (
        OrderLine.select(OrderLine.id)
        .join(SalesOrder, on=(SalesOrder.id == OrderLine.order))
        .where((SalesOrder.wave == wave) & on_the_floor)
        .limit(1)
        .tuples()
    )
    return bool(list(query))


class WorkProgress(NamedTuple):
    """How far one assignment is."""

    assignment: bytes
    wave: bytes
    sequence: int
    state: str
    method: str
    device: str
    person: bytes | None
    rev: int
    lease_until: int
    walk_cm: int
    lines: int
    lines_over: int
    lines_short: int
    units: int
    units_picked: int


def progress_of(*, wave: bytes | None = None, site: str | None = None) -> list[WorkProgress]:
    """Every assignment of a wave, or every live one of a site, with its counts."""
    over = fn.SUM(WorkLine.state.in_(LINE_OVER).cast("INTEGER"))
    short = fn.SUM((WorkLine.state == "SHORT").cast("INTEGER"))
    if wave is not None:
        asked = Assignment.wave == wave
    else:
        asked = (Assignment.site == site) & Assignment.state.not_in(("COMPLETED", "CANCELLED"))
    query: Any = (
        Assignment.select(
            Assignment.id, Assignment.wave, Assignment.sequence, Assignment.state,
            Assignment.method, Assignment.device, Assignment.person, Assignment.rev,
            Assignment.lease_until, Assignment.walk_cm, fn.COUNT(WorkLine.id), over, short,
            fn.SUM(WorkLine.quantity), fn.SUM(WorkLine.picked),
        )
        .join(WorkLine, on=(WorkLine.assignment == Assignment.id))
        .where(asked)
        .group_by(Assignment.id)
        .order_by(Assignment.priority.desc(), Assignment.sequence, Assignment.id)
        .tuples()
    )  # fmt: skip
    return [WorkProgress(*row[:10], *(int(count or 0) for count in row[10:])) for row in query]
