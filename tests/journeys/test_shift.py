"""A shift in virtual time: one seed, one ledger; and nothing lost, whatever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.virtual.faults import FaultPlan, UnknownFault, fault_plan
from simulators.virtual.shift import ShiftPlan, ShiftReport, run_shift

SMALL = ("--orders=6", "--pickers=2", "--hours=4")


def shift(repository: Path, seed: int, hash_seed: int) -> str:
    """The hash that the command prints, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "binlight", "sim", "shift", f"--seed={seed}", *SMALL],
        cwd=repository, env={**os.environ, "PYTHONHASHSEED": str(hash_seed)}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_one_seed_gives_one_ledger_and_another_seed_another(repository: Path) -> None:
    first, second = shift(repository, 7, hash_seed=1), shift(repository, 7, hash_seed=2)
    assert first == second
    assert len(bytes.fromhex(first)) == 32
    assert shift(repository, 8, hash_seed=1) != first


def clean(report: ShiftReport) -> bool:
    wrong = (report.events_lost, report.events_doubled, report.world_mismatch)
    return not any(wrong) and report.verify == "ok"


@pytest.mark.parametrize("seed", [3, 4])
def test_kills_and_lost_radio_lose_and_double_nothing(seed: int) -> None:
    faults = FaultPlan(("broker", "gateway", "agent", "radio"), mean_s=60.0)
    report = run_shift(ShiftPlan(seed=seed, orders=6, pickers=2, faults=faults))
    print(report)
    assert report.kills >= 10
    assert report.is_done
    assert report.orders_shipped == 6
    assert clean(report)


def test_people_go_home_when_the_hours_are_over_and_the_books_are_still_right() -> None:
    report = run_shift(ShiftPlan(seed=5, orders=20, pickers=2, hours=0.2))
    assert not report.is_done
    assert report.lines_picked > 0
    assert (report.events_lost, report.events_doubled, report.verify) == (0, 0, "ok")


def test_a_fault_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(UnknownFault, match="earthquake"):
        fault_plan("broker,earthquake")
