"""Reads for the pages of waves: how far each is, which tours it has, what could be planned."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from peewee import fn

from hub.catalog.models import Item
from hub.inventory.models import Place
from hub.orders.models import OrderLine, SalesOrder
from hub.warehouse import queries
from hub.warehouse.models import Assignment, AssignmentSlot, SlotTote, Wave, WorkLine
from hub.warehouse.states import LINE_OVER

ROWS: Final = 50
SHOWN_MAX: Final = 25
VIEWS: Final[dict[str, tuple[str, ...]]] = {
    "live": (
        "PLANNED", "ALLOCATING", "ALLOCATED", "RELEASED", "IN_PROGRESS", "HELD", "COMPLETED",
    ),
    "closed": ("CLOSED",),
    "cancelled": ("CANCELLED",),
}  # fmt: skip


class Progress(NamedTuple):
    """How far the work of a wave is; `pickers` are devices that hold some of it."""

    lines: int = 0
    lines_over: int = 0
    lines_short: int = 0
    units: int = 0
    units_picked: int = 0
    tours: int = 0
    tours_over: int = 0
    pickers: int = 0


class DueOrder(NamedTuple):
    """An order that a wave would take."""

    id: bytes
    number: str
    due_at: int
    priority: int
    country: str
    channel: str
    lines: int
    units: int


class LineRow(NamedTuple):
    """One instruction of a piece of work."""

    id: bytes
    sequence: int
    state: str
    slot: str
    place: bytes
    bin: str
    item: bytes
    sku: str
    name: str
    order: bytes
    quantity: int
    picked: int
    done_at: int | None


class SlotRow(NamedTuple):
    slot: str
    order: bytes
    totes: str


def in_reserve(site: str) -> frozenset[bytes]:
    """Work that lies ahead on a device: not begun, behind what was begun there or came before."""
    a, o = Assignment, Assignment.alias()
    came_before = (o.held_since < a.held_since) | ((o.held_since == a.held_since) & (o.id < a.id))
    in_hand = o.select(1).where(
        (o.site == a.site) & (o.device == a.device) & (o.id != a.id)
        & o.state.in_(("ASSIGNED", "IN_PROGRESS", "SUSPENDED"))
        & (o.started_at.is_null(False) | came_before)
    )  # fmt: skip
    query: Any = a.select(a.id).where(
        (a.site == site) & (a.state == "ASSIGNED") & a.started_at.is_null() & fn.EXISTS(in_hand)
    )
    return frozenset(bytes(id) for (id,) in query.tuples())


def waves(site: str, view: str = "live", rows: int = ROWS) -> list[Wave]:
    """Waves under way, oldest first; those that are over, latest first."""
    states = VIEWS.get(view, VIEWS["live"])
    query = Wave.select().where((Wave.site == site) & Wave.state.in_(states))
    order = Wave.created_at if view == "live" else Wave.created_at.desc()
    return list(query.order_by(order).limit(rows))


def progress(waves: list[bytes]) -> dict[bytes, Progress]:
    """The work of these waves, counted."""
    if not waves:
        return {}
    over = fn.SUM(WorkLine.state.in_(LINE_OVER).cast("INTEGER"))
    short = fn.SUM((WorkLine.state == "SHORT").cast("INTEGER"))
    lines: Any = (
        Assignment.select(
            Assignment.wave, fn.COUNT(WorkLine.id), over, short, fn.SUM(WorkLine.quantity),
            fn.SUM(WorkLine.picked),
        )
        .join(WorkLine, on=(WorkLine.assignment == Assignment.id))
        .where(Assignment.wave.in_(waves))
        .group_by(Assignment.wave)
        .tuples()
    )  # fmt: skip
    tours = _tours(waves)
    return {
        row[0]: Progress._make((*(int(n or 0) for n in row[1:]), *tours.get(row[0], (0, 0, 0))))
        for row in lines
    }


def _tours(waves: list[bytes]) -> dict[bytes, tuple[int, int, int]]:
    over = fn.SUM(Assignment.state.in_(("COMPLETED", "CANCELLED")).cast("INTEGER"))
    holding = Assignment.state.in_(("ASSIGNED", "IN_PROGRESS", "SUSPENDED"))
    query: Any = (
        Assignment.select(
            Assignment.wave, fn.COUNT(Assignment.id), over, fn.SUM(holding.cast("INTEGER"))
        )
        .where(Assignment.wave.in_(waves))
        .group_by(Assignment.wave)
        .tuples()
    )
    return {wave: (int(all_), int(done or 0), int(held or 0)) for wave, all_, done, held in query}


def due_orders(ids: list[bytes]) -> list[DueOrder]:
    """What is known of orders that a wave would take, in the given order."""
    need = OrderLine.open + OrderLine.backordered
    query: Any = (
        SalesOrder.select(
            SalesOrder.id, SalesOrder.number, SalesOrder.due_at, SalesOrder.priority,
            SalesOrder.country, SalesOrder.channel, fn.COUNT(OrderLine.id), fn.SUM(need),
        )
        .join(OrderLine, on=(OrderLine.order == SalesOrder.id))
        .where(SalesOrder.id.in_(ids) & (need > 0))
        .group_by(
            SalesOrder.id, SalesOrder.number, SalesOrder.due_at, SalesOrder.priority,
            SalesOrder.country, SalesOrder.channel,
        )
        .tuples()
    )  # fmt: skip
    found = {row[0]: DueOrder._make((*row[:7], int(row[7] or 0))) for row in query}
    return [found[id] for id in ids if id in found]


def line_counts(ids: list[bytes]) -> tuple[int, int]:
    """(lines, units) that these orders need from stock."""
    demand = queries.demand_of(ids, with_backordered=True)
    lines = [line for order in demand for line in order.lines]
    return len(lines), sum(line.quantity for line in lines)


def countries(site: str) -> list[str]:
    """Countries of orders that could be planned."""
    query: Any = (
        SalesOrder.select(SalesOrder.country)
        .where(
            (SalesOrder.site == site)
            & (SalesOrder.state == "APPROVED")
            & SalesOrder.wave.is_null()
            & (SalesOrder.country != "")
        )
        .distinct()
        .tuples()
    )
    return sorted(country for (country,) in query)


def lines_of(assignment: bytes) -> list[LineRow]:
    """Every instruction of a piece of work, in walking order."""
    query: Any = (
        WorkLine.select(
            WorkLine.id, WorkLine.sequence, WorkLine.state, WorkLine.slot, WorkLine.place,
            Place.code, WorkLine.item, Item.sku, Item.name, WorkLine.order, WorkLine.quantity,
            WorkLine.picked, WorkLine.done_at,
        )
        .join(Place, on=(Place.id == WorkLine.place))
        .join(Item, on=(Item.id == WorkLine.item))
        .where(WorkLine.assignment == assignment)
        .order_by(WorkLine.sequence, WorkLine.id)
        .tuples()
    )  # fmt: skip
    return [LineRow(*row) for row in query]


def slots_of(assignment: bytes) -> list[SlotRow]:
    """Which order is in which cart position, and its totes."""
    totes: Any = (
        SlotTote.select(SlotTote.slot, Place.code)
        .join(Place, on=(Place.id == SlotTote.tote))
        .where(SlotTote.assignment == assignment)
        .order_by(SlotTote.slot, SlotTote.n)
        .tuples()
    )
    by_slot: dict[str, list[str]] = {}
    for slot, code in totes:
        by_slot.setdefault(slot, []).append(code)
    query: Any = (
        AssignmentSlot.select(AssignmentSlot.slot, AssignmentSlot.order)
        .where(AssignmentSlot.assignment == assignment)
        .order_by(AssignmentSlot.slot)
        .tuples()
    )
    return [SlotRow(slot, order, ", ".join(by_slot.get(slot, []))) for slot, order in query]


def completed_work(site: str, rows: int = ROWS) -> list[Assignment]:
    """What was finished last."""
    query = Assignment.select().where((Assignment.site == site) & (Assignment.state == "COMPLETED"))
    return list(query.order_by(Assignment.completed_at.desc()).limit(rows))
