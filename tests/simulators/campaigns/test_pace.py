"""A campaign ends between two trials: by its minutes, or because somebody pressed Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.clock import FixedClock
from simulators.bench import command
from simulators.campaigns.pace import Pace


def test_it_is_over_when_its_minutes_are():
    clock = FixedClock()
    pace = Pace(0.5, clock)
    clock.advance(s=29)
    assert not pace.is_over
    clock.advance(s=1)
    assert pace.is_over
    assert pace.seconds == 30


def test_without_minutes_only_somebody_ends_it():
    clock = FixedClock()
    with Pace(None, clock) as pace:
        clock.advance(s=1_000_000)
        assert not pace.is_over
        os.kill(os.getpid(), signal.SIGINT)
        assert pace.is_over


def test_afterwards_ctrl_c_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    with Pace():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign that takes no time."""
    monkeypatch.setitem(command.CAMPAIGNS, "doubles", f"{__name__}:measure")
    monkeypatch.setattr(command, "_load", lambda _name: measure)


def measure(say: object, scale: float = 1.0, seed: int = 1) -> dict[str, int]:
    return {"seed": seed, "repeated": round(100 * scale), "double_effects": 0}


def bench(*arguments: str) -> str:
    done = CliRunner().invoke(command.bench, arguments)
    return done.output


@pytest.mark.usefixtures("small")
def test_what_is_run_again_adds_up(tmp_path: Path):
    bench("doubles", "--seed", "1", "--results", str(tmp_path))
    said = bench("doubles", "--seed", "2", "--scale", "0.5", "--results", str(tmp_path))
    found = json.loads(said.splitlines()[-1])
    assert (found["seed"], found["repeated"]) == (2, 50)
    zeros = {"double_effects": "0 of 150 (below 2.0000 %)"}
    assert found["totals"] == {"repeated": 150, "double_effects": 0, "runs": 2, "zeros": zeros}


@pytest.mark.usefixtures("small")
def test_an_option_that_would_change_nothing_is_refused():
    assert "has no --minutes" in bench("doubles", "--minutes", "3")
