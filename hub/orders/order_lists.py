"""Reads of orders for people: lists by what is asked about them, one order, its story of facts.

The list is read by a cursor over (placed_at, id), and stages only of the orders shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from peewee import Value, fn

from hub.errors import NotFound
from hub.journal import JournalRow
from hub.orders import rules
from hub.orders.models import STAGES, LineMove, OrderHold, OrderLine, SalesOrder
from hub.orders.rules import Stages

VIEWS: Final = ("all", "open", "due", "todo", "late", "waiting", "held", "closed", "cancelled")
"""Questions that the list answers; see `_asked`."""
Divisions = frozenset[str] | None
"""Of which a reader may see the orders; None for all of them."""
OPEN_STATES: Final = ("PLACED", "APPROVED", "ON_HOLD")
IN_HAND: Final = ("open", "promised", "allocated", "released", "picked", "packed")
"""Stages of units for which somebody in the house has something to do."""
CALLED_MAX: Final = 200
"""Orders that one number begins."""


class OrderRow(NamedTuple):
    """One order on a list, with where its units are."""

    id: bytes
    number: str
    external_id: str | None
    state: str
    channel: str
    division: str
    country: str
    customer: bytes | None
    wave: bytes | None
    priority: int
    placed_at: int
    due_at: int
    lines: int = 0
    stages: Stages = Stages(0)

    @property
    def status(self) -> str:
        """The derived fulfilment status."""
        return rules.fulfilment_status([self.stages])


class Fact(NamedTuple):
    """One entry of an order's story: units of a line went from stage to stage, by whom and why."""

    at: int
    n: int
    name: str
    quantity: int
    from_stage: str
    to_stage: str
    reason: str
    act: str
    via: str
    actor: bytes
    device: str


_HEAD: Final = (
    SalesOrder.id, SalesOrder.number, SalesOrder.external_id, SalesOrder.state,
    SalesOrder.channel, SalesOrder.division, SalesOrder.country, SalesOrder.customer,
    SalesOrder.wave, SalesOrder.priority, SalesOrder.placed_at, SalesOrder.due_at,
)  # fmt: skip


def order_page(
    site: str, *, company: str = "", view: str = "all", text: str = "", item: bytes | None = None,
    customer: bytes | None = None, wave: bytes | None = None, now_us: int = 0,
    day_end_us: int = 0, after: tuple[int, bytes] | None = None, rows: int = 50,
    divisions: Divisions = None,
) -> list[OrderRow]:  # fmt: skip
    """Orders of a site, newest first. `text` begins a number or is an external id; the view `due`
    ends at `day_end_us`."""
    query: Any = SalesOrder.select(*_HEAD).where(
        SalesOrder.site == site, *_asked(view, now_us, day_end_us), *_inside(divisions)
    )
    if text:
        query = query.where(SalesOrder.id.in_(_called(company, text)))
    if item is not None:
        lines = OrderLine.select(OrderLine.order).where(OrderLine.item == item)
        query = query.where(SalesOrder.id.in_(lines))
    if customer is not None:
        query = query.where(SalesOrder.customer == customer)
    if wave is not None:
        query = query.where(SalesOrder.wave == wave)
    if after is not None:
        at, id = after
        query = query.where(
            (SalesOrder.placed_at < at) | ((SalesOrder.placed_at == at) & (SalesOrder.id < id))
        )
    ordered = query.order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc()).limit(rows)
    return _with_stages([OrderRow(*row) for row in ordered.tuples()])


def _inside(divisions: Divisions) -> list[Any]:
    return [] if divisions is None else [SalesOrder.division.in_(sorted(divisions))]


def _called(company: str, text: str) -> list[bytes]:
    """Ids by the index of numbers, and by the channel's own number: not by walking all orders."""
    asked = SalesOrder.select(SalesOrder.id).where(SalesOrder.company == company)
    begins = (SalesOrder.number >= text) & (SalesOrder.number < text + "\U0010ffff")
    found: Any = asked.where(begins).order_by(SalesOrder.number).limit(CALLED_MAX).tuples()
    foreign: Any = asked.where(SalesOrder.external_id == text).limit(CALLED_MAX).tuples()
    return [id for rows in (found, foreign) for (id,) in rows]


def _asked(view: str, now_us: int, day_end_us: int) -> list[Any]:
    is_open = SalesOrder.state.in_(OPEN_STATES)
    if view == "todo":
        return [SalesOrder.state == "APPROVED", SalesOrder.wave.is_null()]
    if view == "open":
        return [is_open]
    if view in ("due", "late"):
        return [to_leave_before(day_end_us if view == "due" else now_us)]
    if view == "waiting":
        waits = OrderLine.select(1).where(
            (OrderLine.order == SalesOrder.id) & (OrderLine.backordered > 0)
        )
        return [is_open, fn.EXISTS(waits)]
    states = {"held": "ON_HOLD", "closed": "CLOSED", "cancelled": "CANCELLED"}
    return [SalesOrder.state == states[view]] if view in states else []


def to_leave_before(moment_us: int) -> Any:
    """Whether an order is open and had to leave the house before a moment: due until the end of a
    day, late by now.

    `due_at` is when an order has to leave: what its channel promised, or the cut-off after it was
    placed. One that left in part, and whose other units all wait for stock, is neither due nor
    late: nobody here can do more, and for the rest no date is promised. It is on the list of those
    that wait, and due again once stock is found for it. One of which nothing left is late whatever
    it waits for: its moment is past, and its customer has nothing.
    """
    in_hand = sum((getattr(OrderLine, stage) for stage in IN_HAND), start=Value(0))
    of_it = OrderLine.select(1).where(OrderLine.order == SalesOrder.id)
    left_in_part = fn.EXISTS(of_it.where(OrderLine.shipped > 0))
    has_work = fn.EXISTS(of_it.where(in_hand > 0))
    is_due = SalesOrder.state.in_(OPEN_STATES) & (SalesOrder.due_at < moment_us)
    return is_due & (~left_in_part | has_work)


def _with_stages(rows: Sequence[OrderRow]) -> list[OrderRow]:
    sums = stage_sums([row.id for row in rows])
    return [
        row._replace(lines=sums[row.id][0], stages=sums[row.id][1]) if row.id in sums else row
        for row in rows
    ]


def stage_sums(orders: Sequence[bytes]) -> dict[bytes, tuple[int, Stages]]:
    """(lines, units by stage) of each order."""
    columns = [fn.SUM(getattr(OrderLine, name)) for name in ("ordered", *STAGES)]
    query: Any = (
        OrderLine.select(OrderLine.order, fn.COUNT(OrderLine.id), *columns)
        .where(OrderLine.order.in_(orders))
        .group_by(OrderLine.order)
        .tuples()
    )
    return {id: (int(lines), Stages(*map(int, sums))) for id, lines, *sums in query}


def counts_by_state(site: str, divisions: Divisions = None) -> dict[str, int]:
    query: Any = (
        SalesOrder.select(SalesOrder.state, fn.COUNT(SalesOrder.id))
        .where(SalesOrder.site == site, *_inside(divisions))
        .group_by(SalesOrder.state)
        .tuples()
    )
    return {state: int(count) for state, count in query}


def order_by_number(company: str, number: str, divisions: Divisions = None) -> bytes | None:
    """The order with this number, or the only one with this external id."""
    asked = SalesOrder.select(SalesOrder.id).where(
        SalesOrder.company == company, *_inside(divisions)
    )
    exact: Any = asked.where(SalesOrder.number == number).tuples()
    for (id,) in exact:
        return bytes(id)
    foreign: Any = asked.where(SalesOrder.external_id == number).limit(2).tuples()
    ids = [bytes(id) for (id,) in foreign]
    return ids[0] if len(ids) == 1 else None


def division_of(order: bytes) -> str:
    """The division of an order, for whoever asks whether somebody may touch it. NotFound."""
    return _division(SalesOrder.id == order, "order", order)


def division_of_line(line: bytes) -> str:
    query = OrderLine.select(OrderLine.order).where(OrderLine.id == line)
    return _division(SalesOrder.id.in_(query), "order line", line)


def division_of_hold(hold: bytes) -> str:
    query = OrderHold.select(OrderHold.order).where(OrderHold.id == hold)
    return _division(SalesOrder.id.in_(query), "hold", hold)


def _division(which: Any, what: str, id: bytes) -> str:
    found: str | None = SalesOrder.select(SalesOrder.division).where(which).scalar()
    if found is None:
        raise NotFound(what, id.hex())
    return found


def order(site: str, id: bytes) -> SalesOrder | None:
    return SalesOrder.get_or_none(SalesOrder.id == id, SalesOrder.site == site)


def lines_of(order: bytes) -> list[OrderLine]:
    return list(OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.n))


def stages_of(line: OrderLine) -> Stages:
    return Stages(line.ordered, *(getattr(line, name) for name in STAGES))


def holds_of(order: bytes) -> list[OrderHold]:
    return list(
        OrderHold.select().where(OrderHold.order == order).order_by(OrderHold.placed_at.desc())
    )


def story_of(order: bytes, rows: int = 200) -> list[Fact]:
    """What happened to the units of an order, newest first: who, when, device, why."""
    query: Any = (
        LineMove.select(
            LineMove.occurred_at, OrderLine.n, OrderLine.name, LineMove.quantity,
            LineMove.from_stage, LineMove.to_stage, LineMove.reason, JournalRow.act,
            JournalRow.via, LineMove.actor, JournalRow.device,
        )
        .join(OrderLine, on=(OrderLine.id == LineMove.order_line))
        .join(
            JournalRow,
            on=((JournalRow.site == LineMove.site) & (JournalRow.key == LineMove.cause)),
        )
        .where(OrderLine.order == order)
        # No site here, and a sum in the order: either would have SQLite walk the whole ledger.
        .order_by((LineMove.position + 0).desc())
        .limit(rows)
        .tuples()
    )  # fmt: skip
    return [Fact(*row) for row in query]
