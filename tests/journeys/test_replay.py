"""A whole shift, made again from its journal alone: the same books, to the last hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.opening import open_scratch
from hub.replaying.replay import replay
from simulators.virtual.faults import FaultPlan
from simulators.virtual.shift import Shift, ShiftPlan

EVERYTHING = FaultPlan(("broker", "gateway", "agent", "radio"), mean_s=60.0)


@pytest.mark.parametrize(("seed", "orders", "faults"), [(7, 6, FaultPlan()), (4, 12, EVERYTHING)])
def test_a_shift_comes_out_the_same_whatever_was_killed(
    seed: int, orders: int, faults: FaultPlan, tmp_path: Path
) -> None:
    shift = Shift(ShiftPlan(seed=seed, orders=orders, pickers=2, faults=faults), tmp_path)
    report = shift.run()
    again = replay(shift.journal.database, open_scratch(tmp_path / "again.db"))
    print(report, again)
    assert again.difference is None
    assert again.acts > report.events_sent
    assert again.heads["w1/stock"].endswith(report.hash)
    assert again.compared["balance"] > 100
