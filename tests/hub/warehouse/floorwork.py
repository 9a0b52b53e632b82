"""Stories on the floor in few words: plan, release, hand out; and what must always be true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hub.inventory import service as inventory
from hub.journal import Act
from hub.orders.models import STAGES, OrderLine
from hub.outbox import OutboxMessage
from hub.verify.command import verify
from hub.warehouse import dispatch, planner, progress, queries, service
from hub.warehouse.floor import demo_floor
from hub.warehouse.models import Assignment, WorkLine
from protocols.messages.codec import decode
from protocols.messages.commands import Command, OfferAssignment, command_data
from protocols.messages.work import Assignment as OfferedWork
from tests.hub import builders

ANNA, BEN = b"anna" * 4, b"ben!" * 4


def bins(hub: Any, *codes: str) -> None:
    """Put these bins where the demo hall has them."""
    with hub.act() as act:
        inventory.define_bins(act, [demo_floor().bin(code) for code in codes])


def wave(hub: Any, orders: Sequence[bytes], **how: Any) -> bytes:
    with hub.act() as act:
        return service.plan_wave(act, orders, **how)


def released(hub: Any, orders: Sequence[bytes], **how: Any) -> bytes:
    """A wave of these orders, brought to the floor by the planner."""
    id = wave(hub, orders, goal="RELEASED", **how)
    settle(hub)
    assert queries.wave(id).state == "RELEASED"
    return id


def settle(hub: Any) -> int:
    """Let the planner do all that waits for it."""
    hub.clock.advance(ms=1)
    done = 0
    while (some := planner.step(hub.journal, hub.site)) and done < 1_000:
        done += some
    return done


def ask(hub: Any, device: str, person: bytes = ANNA, slots: int = 6) -> bool:
    with device_act(hub, device, person) as act:
        return dispatch.offer_next(act, device, person, slots)


@contextmanager
def device_act(hub: Any, device: str, person: bytes = ANNA) -> Iterator[Act]:
    """An act of this device and person."""
    with hub.act("device", "device") as act:
        act.device, act.actor = device, person
        yield act


def answer(hub: Any, assignment: bytes, device: str, accepted: bool = True, code: str = "") -> None:
    with hub.act() as act:
        dispatch.answered_offer(act, assignment, device, accepted, code)


def start(hub: Any, assignment: bytes, device: str, person: bytes = ANNA) -> None:
    with device_act(hub, device, person) as act:
        progress.start(act, assignment)


def complete(hub: Any, assignment: bytes, device: str) -> None:
    with device_act(hub, device) as act:
        act.tx.run("UPDATE work_line SET state = 'DONE' WHERE assignment = ?", (assignment,))
        progress.complete(act, assignment)


def sent(hub: Any, device: str) -> list[Any]:
    """What was said to a device and still stands, oldest first."""
    rows = (
        OutboxMessage.select()
        .where((OutboxMessage.device == device) & (OutboxMessage.state != "DROPPED"))
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
    )
    return [command_data(decode(Command, bytes(row.payload))) for row in rows]


def offered(hub: Any, device: str) -> OfferedWork:
    """The newest offer to a device."""
    offers = [data for data in sent(hub, device) if isinstance(data, OfferAssignment)]
    return max((offer.assignment for offer in offers), key=lambda assignment: assignment.rev)


def assignments(wave: bytes) -> list[Any]:
    query = Assignment.select().where(Assignment.wave == wave)
    return list(query.order_by(Assignment.sequence))


def only(wave: bytes) -> Any:
    (assignment,) = assignments(wave)
    return assignment


def work_lines(assignment: bytes) -> list[Any]:
    query = WorkLine.select().where(WorkLine.assignment == assignment)
    return list(query.order_by(WorkLine.sequence, WorkLine.id))


def stages(order: bytes) -> dict[str, int]:
    """Where the units of an order are, without the stages that have none."""
    lines = list(OrderLine.select().where(OrderLine.order == order))
    totals = {stage: sum(getattr(line, stage) for line in lines) for stage in STAGES}
    return {stage: units for stage, units in totals.items() if units}


def assert_true_books(hub: Any) -> None:
    """Balances, claims, lines and chains agree, and work asks for what is released."""
    assert verify(hub.database).findings == []
    asked = hub.database.execute_sql(
        "SELECT COALESCE(SUM(w.quantity - w.picked), 0) FROM work_line w "
        "JOIN assignment a ON a.id = w.assignment "
        "WHERE w.state NOT IN ('DONE', 'SHORT', 'SUBSTITUTED', 'CANCELLED')"
    ).fetchone()[0]
    units = hub.database.execute_sql("SELECT COALESCE(SUM(released), 0) FROM order_line")
    assert int(asked) == int(units.fetchone()[0])


def simple_world(hub: Any, orders: int = 2) -> list[bytes]:
    """Two bins of one article, one of another, and orders over both."""
    bins(hub, "A-01-01-1", "A-02-09-1", "A-05-20-1")
    builders.stock(hub, "A-01-01-1", "MUG", 50)
    builders.stock(hub, "A-02-09-1", "MUG", 20)
    builders.stock(hub, "A-05-20-1", "BOWL", 50)
    return [builders.order(hub, {"MUG": 2 + n, "BOWL": 1}) for n in range(orders)]
