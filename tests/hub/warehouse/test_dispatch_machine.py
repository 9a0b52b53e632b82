"""Any sequence of planning, releasing, handing out, picking short and cancelling keeps the books
true: claims are what balances count, stages add up, nobody works on what another has, and waves and
work take only steps that their state machines know.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hub.db import proxy
from hub.errors import HubError
from hub.inventory import claims, facts
from hub.inventory import service as inventory
from hub.inventory.posting import balance_id, real
from hub.opening import open_database
from hub.orders import service as orders
from hub.orders.models import OrderLine
from hub.warehouse import allocating, dispatch, planner, progress, service
from hub.warehouse.models import Assignment, Wave, WorkLine
from hub.warehouse.states import ASSIGNMENT_STEPS, WAVE_STEPS
from hub.warehouse.work_context import read_line, set_line
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import floorwork as floor

SKUS = ("MUG", "BOWL", "CUP")
BINS = ("A-01-01-1", "A-02-09-1", "A-05-20-1", "A-09-03-2")
DEVICES = ("hh-1", "hh-2", "hh-3")
EXAMPLES, EXAMPLES_POSTGRES, STEPS = 25, 6, 40
NOTES: Final = "CREATE TABLE step_taken (machine TEXT, before TEXT, after TEXT)"
BODY: Final = "BEGIN INSERT INTO step_taken VALUES ('{0}', OLD.state, NEW.state); {1} END"
WHEN: Final = "AFTER UPDATE OF state ON {0} FOR EACH ROW WHEN (OLD.state <> NEW.state)"
BY_SQLITE: Final = (f"CREATE TRIGGER noted_{{0}} {WHEN} {BODY}",)
BY_POSTGRES: Final = (
    f"CREATE FUNCTION note_{{0}}() RETURNS trigger AS $${BODY}$$ LANGUAGE plpgsql",
    f"CREATE TRIGGER noted_{{0}} {WHEN} EXECUTE FUNCTION note_{{0}}()",
)
MACHINES: Final = {"wave": WAVE_STEPS, "assignment": ASSIGNMENT_STEPS}


def note_steps(hub: TestHub, by: tuple[str, ...], ends: str = "") -> None:
    """Let the database itself note which steps are taken, whoever takes them."""
    hub.database.execute_sql(NOTES)
    for machine in MACHINES:
        for statement in by:
            hub.database.execute_sql(statement.format(machine, ends))


def person(device: str) -> bytes:
    return device.encode().ljust(16, b".")


class Floor(RuleBasedStateMachine):
    """A small warehouse in which everything happens in any order."""

    fresh: Callable[[], AbstractContextManager[TestHub]]
    made = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.hub = self.opened.enter_context(type(self).fresh())
        proxy.initialize(self.hub.database)
        floor.bins(self.hub, *BINS)
        for n, sku in enumerate(SKUS):
            builders.stock(self.hub, BINS[n], sku, 6)
            builders.stock(self.hub, BINS[n + 1], sku, 3)

    def teardown(self) -> None:
        self.opened.close()

    def attempt(self, do) -> None:
        """A command may be refused by name; then nothing of it has happened."""
        try:
            with self.hub.act() as act:
                do(act)
        except HubError:
            pass

    def one(self, model, pick: int, *asked):
        query = model.select().order_by(model.id)
        found = list(query.where(*asked) if asked else query)
        return found[pick % len(found)].id if found else None

    @rule(
        target=made,
        needs=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1),
        whole=st.booleans(),
    )
    def place(self, needs, whole):
        lines = tuple(orders.NewLine(builders.item(self.hub, s), n) for s, n in needs.items())
        with self.hub.act() as act:
            return orders.place(act, orders.NewOrder(self.hub.company, lines, ships_complete=whole))

    @rule(
        target=made,
        needs=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=2),
        goal=st.sampled_from(("ALLOCATED", "RELEASED", "RELEASED")),
        slots=st.integers(1, 2),
    )
    def bring_to_the_floor(self, needs, goal, slots):
        id = builders.order(self.hub, needs)
        floor.wave(self.hub, [id], slots=slots, goal=goal)
        floor.settle(self.hub)
        return id

    @rule(device=st.sampled_from(DEVICES), begins=st.booleans())
    def hand_out(self, device, begins):
        floor.ask(self.hub, device, person(device), slots=3)
        mine = (Assignment.state == "OFFERED") & (Assignment.device == device)
        work = self.one(Assignment, 0, mine)
        if work is not None:
            floor.answer(self.hub, work, device)
            if begins:
                floor.start(self.hub, work, device, person(device))

    @rule(some=st.lists(made, min_size=1, max_size=4), slots=st.integers(1, 3))
    def plan(self, some, slots):
        self.attempt(lambda act: service.plan_wave(act, some, slots=slots))

    @rule(pick=st.integers(0, 9), goal=st.sampled_from(("ALLOCATED", "RELEASED", "CANCELLED")))
    def want(self, pick, goal):
        wave = self.one(Wave, pick)
        if wave is not None:
            self.attempt(lambda act: service.set_goal(act, wave, goal))

    @rule(pick=st.integers(0, 9), name=st.sampled_from(("allocate", "release", "hold", "resume")))
    def step_wave(self, pick, name):
        wave = self.one(Wave, pick)
        if wave is not None:
            self.attempt(lambda act: getattr(service, f"{name}_wave")(act, wave))

    @rule()
    def let_the_planner_work(self):
        planner.step(self.hub.journal, self.hub.site)

    @rule(seconds=st.sampled_from((1, 130, 7_300)))
    def wait(self, seconds):
        self.hub.clock.advance(s=seconds)

    @rule(device=st.sampled_from(DEVICES), slots=st.integers(1, 3))
    def ask(self, device, slots):
        floor.ask(self.hub, device, person(device), slots)

    @rule(pick=st.integers(0, 9), device=st.sampled_from(DEVICES), accepted=st.booleans())
    def answer_offer(self, pick, device, accepted):
        work = self.one(Assignment, pick)
        if work is not None:
            self.attempt(lambda act: dispatch.answered_offer(act, work, device, accepted, "x"))

    @rule(pick=st.integers(0, 9))
    def begin(self, pick):
        work = self.one(Assignment, pick, Assignment.state == "ASSIGNED")
        if work is not None:
            device = Assignment.get_by_id(work).device
            floor.start(self.hub, work, device, person(device))

    @rule(pick=st.integers(0, 9), name=st.sampled_from(("suspend", "revoke", "hand_over")))
    def interrupt(self, pick, name):
        work = self.one(Assignment, pick)
        if work is None:
            return
        if name == "suspend":
            self.attempt(lambda act: progress.suspend(act, work, "BREAK"))
        else:
            self.attempt(lambda act: getattr(dispatch, name)(act, work, "x"))

    @rule(pick=st.integers(0, 9), device=st.sampled_from(DEVICES), accepted=st.booleans())
    def answer_revoke(self, pick, device, accepted):
        work = self.one(Assignment, pick)
        if work is not None:
            self.attempt(lambda act: dispatch.answered_revoke(act, work, device, accepted, "x"))

    @rule(pick=st.integers(0, 9))
    def recall(self, pick):
        work = self.one(Assignment, pick)
        if work is not None:
            self.attempt(lambda act: service.recall_assignment(act, work, "x"))

    @rule(pick=st.integers(0, 30), reason=st.sampled_from(("EMPTY", "CANNOT_REACH")))
    def find_nothing(self, pick, reason):
        line = self.one(WorkLine, pick, WorkLine.state == "OPEN")
        if line is None:
            return
        with self.hub.act() as act:
            at_work = read_line(act, line)
            claims.let_go(act, at_work.claim, "SHORTED")
            set_line(act, at_work, "SHORT", 0, 0)
            aside = facts.set_doubtful(act, at_work.goods, at_work.bin, at_work.quantity, reason)
            dispatch.replan_displaced(act, aside.gave_way)
            dispatch.replan_short(act, line, at_work.quantity)

    @rule(bin=st.sampled_from(BINS), sku=st.sampled_from(SKUS), units=st.integers(1, 4))
    def take_what_is_promised(self, bin, sku, units):
        goods = builders.goods(self.hub, sku)
        source = real(self.hub.site, "BIN", bin)
        with self.hub.act() as act:
            gave_way = inventory.release_claims(
                act, balance_id(self.hub.site, goods, source), units
            )
            dispatch.replan_displaced(act, gave_way)

    @rule(bin=st.sampled_from(BINS), sku=st.sampled_from(SKUS), units=st.integers(1, 4))
    def receive(self, bin, sku, units):
        item = builders.item(self.hub, sku)
        with self.hub.act() as act:
            inventory.receive(act, bin, item, units, "delivery")

    @rule(pick=st.integers(0, 30), units=st.integers(1, 4))
    def cancel(self, pick, units):
        line = self.one(OrderLine, pick)
        if line is not None:
            self.attempt(lambda act: dispatch.cancel_released(act, line, units, "x"))
            self.attempt(lambda act: orders.cancel_units(act, line, units, "x"))

    @invariant()
    def books_are_true(self):
        proxy.initialize(self.hub.database)
        floor.assert_true_books(self.hub)

    @invariant()
    def nobody_holds_more_than_one_and_a_reserve(self):
        held = list(
            Assignment.select(Assignment.device)
            .where(Assignment.state.in_(("OFFERED", "ASSIGNED")))
            .tuples()
        )
        assert all(held.count(one) <= 2 for one in held)
        assert ("",) not in held

    @invariant()
    def every_step_is_one_that_exists(self):
        taken = self.hub.database.execute_sql("SELECT machine, before, after FROM step_taken")
        unknown = [step for step in taken.fetchall() if step[1:] not in MACHINES[step[0]]]
        assert not unknown


def explore(fresh: Callable[[], AbstractContextManager[TestHub]], examples: int) -> None:
    machine = type("FloorHere", (Floor,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            derandomize=True,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def _short_slices(monkeypatch):
    """Slices so short that other acts come between them."""
    monkeypatch.setattr(allocating, "SLICE_LINES", 2)


def test_whatever_happens_in_whatever_order_the_books_stay_true(sqlite_template):
    @contextmanager
    def fresh() -> Iterator[TestHub]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "hub.db"
            shutil.copy(sqlite_template, path)
            hub = TestHub(open_database(f"sqlite:///{path}"), f"sqlite:///{path}")
            hub.database.execute_sql("PRAGMA synchronous = OFF")
            note_steps(hub, BY_SQLITE)
            yield hub
            hub.database.close()

    explore(fresh, EXAMPLES)


@pytest.mark.postgres
def test_the_books_stay_true_on_postgresql_too(cluster, postgres_template):
    @contextmanager
    def fresh() -> Iterator[TestHub]:
        url = cluster.create(postgres_template)
        hub = TestHub(open_database(url), url)
        note_steps(hub, BY_POSTGRES, "RETURN NULL;")
        yield hub
        hub.database.close()
        cluster.drop(url)

    explore(fresh, EXAMPLES_POSTGRES)
