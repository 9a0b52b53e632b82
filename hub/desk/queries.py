"""Reads over all capabilities: the day, and the audit. Counts only; no row of theirs is changed."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from peewee import Case, fn

from hub.devices import queries as device_queries
from hub.devices.models import Device
from hub.inventory.models import Movement
from hub.journal import JournalRow
from hub.orders.models import LineMove, SalesOrder
from hub.orders.order_lists import OPEN_STATES, to_leave_before
from hub.shipping import queries as shipping
from hub.shipping.models import Shipment
from hub.staff.models import Denial
from hub.warehouse.models import Assignment, Wave, WorkLine
from hub.warehouse.states import LINE_OVER

LIVE_WAVES: Final = ("ALLOCATING", "ALLOCATED", "RELEASED", "IN_PROGRESS", "HELD")
JOURNAL_ROWS: Final = 50


class Day(NamedTuple):
    """The orders of a day: open and due until its end, late by now; and what left."""

    due: int
    shipped: int
    """Shipments that left today."""
    open: int
    late: int
    held: int
    gone: int
    """Orders of which something left today."""
    to_go: int
    """Due today, and nothing of them left today."""


class WaveRow(NamedTuple):
    """A wave at work, with its lines."""

    id: bytes
    code: str
    title: str
    state: str
    lines: int
    lines_over: int
    lines_short: int
    pickers: int


def day(site: str, now_us: int, bounds: tuple[int, int]) -> Day:
    """`bounds`: the first moment of the site's day, and of the next."""
    start, end = bounds
    is_open = SalesOrder.state.in_(OPEN_STATES)
    due = _orders(site, to_leave_before(end))
    gone, gone_in_part = _gone(site, start, end)
    return Day(
        due=due, shipped=shipping.left_since(site, start), open=_orders(site, is_open),
        late=_orders(site, to_leave_before(now_us)),
        held=_orders(site, SalesOrder.state == "ON_HOLD"),
        gone=gone, to_go=due - gone_in_part,
    )  # fmt: skip


def _gone(site: str, start: int, end: int) -> tuple[int, int]:
    """Orders of which something left today, and those of them that are open and due still."""
    is_due = to_leave_before(end)
    query: Any = (
        Shipment.select(
            fn.COUNT(SalesOrder.id.distinct()),
            fn.COUNT(Case(None, [(is_due, SalesOrder.id)]).distinct()),
        )
        .join(SalesOrder, on=(SalesOrder.id == Shipment.order))
        .where(Shipment.site == site, Shipment.shipped_at >= start)
        .tuples()
    )
    gone, in_part = next(iter(query))
    return int(gone), int(in_part)


def _orders(site: str, *asked: Any) -> int:
    return int(SalesOrder.select().where(SalesOrder.site == site, *asked).count())


def live_waves(site: str) -> list[WaveRow]:
    """Waves between allocation and completion, oldest first."""
    over = fn.SUM(WorkLine.state.in_(LINE_OVER).cast("INTEGER"))
    short = fn.SUM((WorkLine.state == "SHORT").cast("INTEGER"))
    query: Any = (
        Assignment.select(
            Assignment.wave, fn.COUNT(WorkLine.id), over, short,
            fn.COUNT(Assignment.person.distinct()),
        )
        .join(WorkLine, on=(WorkLine.assignment == Assignment.id))
        .join(Wave, on=(Wave.id == Assignment.wave))
        .where(Wave.site == site, Wave.state.in_(LIVE_WAVES))
        .group_by(Assignment.wave)
        .tuples()
    )  # fmt: skip
    work = {wave: tuple(int(n or 0) for n in counts) for wave, *counts in query}
    waves = Wave.select().where(Wave.site == site, Wave.state.in_(LIVE_WAVES))
    return [
        WaveRow(w.id, w.code, w.title, w.state, *work.get(w.id, (w.lines_total, 0, 0, 0)))
        for w in waves.order_by(Wave.created_at)
    ]


def device_counts(site: str) -> dict[str, int]:
    """Devices that work here, how many are online, and events they have yet to send."""
    enrolled: Any = Device.select(Device.name, Device.presence).where(
        Device.site == site, Device.state != "RETIRED"
    )
    presences, outboxes = dict(enrolled.tuples()), device_queries.outboxes(site)
    return {
        "total": len(presences),
        "online": sum(presence == "ONLINE" for presence in presences.values()),
        "waiting": sum(outboxes[name].unsent for name in presences),
    }


# --- audit ---------------------------------------------------------------------------------------


def journal_page(
    site: str, *, person: bytes | None = None, act: str = "", device: str = "",
    before: int | None = None, rows: int = JOURNAL_ROWS,
) -> list[JournalRow]:  # fmt: skip
    """Acts, latest first; `act` begins the act's name."""
    query = JournalRow.select().where(JournalRow.site == site)
    if person is not None:
        query = query.where(JournalRow.actor == person)
    if act:
        query = query.where(JournalRow.act.startswith(act))
    if device:
        query = query.where(JournalRow.device == device)
    if before is not None:
        query = query.where(JournalRow.position < before)
    return list(query.order_by(JournalRow.position.desc()).limit(rows))


def journal_row(site: str, position: int) -> JournalRow | None:
    return JournalRow.get_or_none(JournalRow.site == site, JournalRow.position == position)


def movements_of(site: str, cause: str, rows: int = 200) -> list[Movement]:
    query = Movement.select().where(Movement.site == site, Movement.cause == cause)
    return list(query.order_by(Movement.n).limit(rows))


def line_moves_of(site: str, cause: str, rows: int = 200) -> list[LineMove]:
    query = LineMove.select().where(LineMove.site == site, LineMove.cause == cause)
    return list(query.order_by(LineMove.n).limit(rows))


def denials(before: int | None = None, rows: int = JOURNAL_ROWS) -> list[Denial]:
    query = Denial.select()
    if before is not None:
        query = query.where(Denial.at < before)
    return list(query.order_by(Denial.at.desc()).limit(rows))
