"""Whatever is done to an order in whatever order, the stages of its lines add up."""

from __future__ import annotations

import shutil
import tempfile
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.opening import open_database
from hub.orders import lines, service
from hub.orders.lines import LEGAL, NotThatMany
from hub.orders.models import STAGES, OrderLine, SalesOrder
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub

STOCKED = {"allocated", "released", "picked", "packed"}
"""Stages that need claims beside them; the wave and floor tests lead units through those."""
LOOSE = sorted(pair for pair in LEGAL if not STOCKED & set(pair))


class OrderStory(RuleBasedStateMachine):
    """Places orders and moves, cancels, holds them; keeps its own count of every line."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "hub.db")
        url = f"sqlite:///{self.folder / 'hub.db'}"
        self.hub = TestHub(open_database(url), url)
        self.wanted: dict[bytes, dict[str, int]] = {}

    def teardown(self) -> None:
        assert verify(self.hub.database).ok
        self.hub.database.close()
        shutil.rmtree(self.folder)

    @rule(quantities=st.lists(st.integers(1, 9), min_size=1, max_size=3))
    def place(self, quantities: list[int]) -> None:
        order = builders.order(self.hub, {f"SKU-{n}": q for n, q in enumerate(quantities)})
        for line in OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.n):
            self.wanted[line.id] = dict.fromkeys(STAGES, 0) | {"open": quantities[line.n - 1]}

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), step=st.sampled_from(LOOSE), quantity=st.integers(1, 9))
    def move(self, data: st.DataObject, step: tuple[str, str], quantity: int) -> None:
        line = data.draw(st.sampled_from(sorted(self.wanted)))
        source, target = step
        try:
            with self.hub.act() as act:
                lines.move(act, line, source, target, quantity)
        except NotThatMany:
            assert self.wanted[line][source] < quantity
            return
        self.wanted[line][source] -= quantity
        self.wanted[line][target] += quantity

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), quantity=st.integers(1, 9))
    def cancel(self, data: st.DataObject, quantity: int) -> None:
        line = data.draw(st.sampled_from(sorted(self.wanted)))
        before = self.wanted[line]
        possible = before["open"] + before["backordered"] + before["promised"]
        try:
            with self.hub.act() as act:
                service.cancel_units(act, line, quantity, "story")
        except service.NotCancellable:
            assert possible < quantity
            return
        for stage in ("open", "backordered", "promised"):
            taken = min(quantity, before[stage])
            before[stage] -= taken
            before["cancelled"] += taken
            quantity -= taken

    @invariant()
    def the_stages_are_what_was_told_and_add_up(self) -> None:
        for line in OrderLine.select():
            found = {stage: getattr(line, stage) for stage in STAGES}
            assert found == self.wanted[line.id]
            assert sum(found.values()) == line.ordered

    @invariant()
    def an_order_is_cancelled_exactly_when_a_cancelling_left_nothing(self) -> None:
        for order in SalesOrder.select().where(SalesOrder.state == "CANCELLED"):
            mine = OrderLine.select().where(OrderLine.order == order.id)
            assert all(line.cancelled == line.ordered for line in mine)


def test_stages_always_add_up(sqlite_template: Path) -> None:
    OrderStory.template = sqlite_template
    run_state_machine_as_test(
        OrderStory,
        settings=settings(max_examples=15, stateful_step_count=20, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip


def test_only_the_legal_steps_exist(sqlite_hub: TestHub) -> None:
    order = builders.order(sqlite_hub, {"PEN": 2})
    line = OrderLine.get(OrderLine.order == order)
    for source, target in sorted(set(product(STAGES, STAGES)) - LEGAL):
        with pytest.raises(KeyError), sqlite_hub.act() as act:
            lines.move(act, line.id, source, target, 1)
    assert OrderLine.get_by_id(line.id).open == 2


def test_no_more_units_move_than_are_there(sqlite_hub: TestHub) -> None:
    order = builders.order(sqlite_hub, {"PEN": 2})
    line = OrderLine.get(OrderLine.order == order)
    for source, target in sorted(LEGAL):
        with pytest.raises(NotThatMany), sqlite_hub.act() as act:
            lines.move(act, line.id, source, target, 3)
    assert OrderLine.get_by_id(line.id).open == 2
