"""How `sim do` and `sim play` are said and answered on the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from simulators.commands import sim
from simulators.ports import LOOPBACK, bound, free_port
from simulators.tester_bench import command
from simulators.tester_bench.acts import ACTS
from simulators.tester_bench.command import pairs
from simulators.tester_bench.player import StepFailed
from simulators.tester_bench.remote import (
    NoBenchRuns,
    Running,
    SeveralBenchesRun,
    running_bench,
    say_where,
)
from simulators.tester_bench.scenario import BadScenario

WORLD = "world = { orders = 4, handhelds = 1, slots = 1 }\n"


def test_virtual_shifts_and_plays_need_no_terminal_emulator(monkeypatch: pytest.MonkeyPatch):
    parts = "simulators.commands, simulators.tester_bench.playing"
    code = f"import sys, {parts}; sys.exit('pyte' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    monkeypatch.setattr(command, "TERMINAL_EMULATOR", "pyte_that_nobody_installed")
    with pytest.raises(command.NoTerminalEmulator, match="make setup"):
        CliRunner().invoke(sim, ["bench"], catch_exceptions=False)


def test_without_an_act_all_of_them_are_told():
    told = CliRunner().invoke(sim, ["do"]).output
    assert [line.split()[0] for line in told.splitlines()] == list(ACTS)
    assert "burst device code [count=20]" in told


def test_values_are_given_by_name():
    assert pairs(("device=h1", "code=a=b")) == {"device": "h1", "code": "a=b"}
    with pytest.raises(click.BadParameter, match="NAME=VALUE"):
        pairs(("device",))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


@contextmanager
def listening() -> Iterator[Running]:
    """Somebody who answers, and has said where."""
    with bound(LOOPBACK, free_port()) as page:
        page.listen()
        running = Running(LOOPBACK, page.getsockname()[1], "secret")
        say_where(running)
        yield running


def test_no_bench_is_a_sentence_and_the_way_to_a_bench_is_this_users_alone(home: Path):
    with pytest.raises(NoBenchRuns, match="binlight sim bench"):
        running_bench()
    with listening() as running:
        assert running_bench() == running
        (file,) = home.rglob("*.json")
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoBenchRuns):  # it was killed, and its file is still there
        running_bench()


def test_of_several_benches_one_is_named_by_its_port(home: Path):
    with listening() as one, listening() as other:
        with pytest.raises(SeveralBenchesRun, match=str(one.port)) as refused:
            running_bench()
        assert refused.value.ports == tuple(sorted((one.port, other.port)))
        assert running_bench(other.port) == other
    with listening() as again:
        assert running_bench() == again


def test_a_file_is_played_in_virtual_time_by_command(tmp_path: Path):
    file = tmp_path / "short.toml"
    step = 'step = [{ act = "expect_screen", device = "handheld-1", shows = "Scan your badge" }]\n'
    file.write_text('version = 1\ntitle = "A look"\n' + WORLD + step)
    told = CliRunner().invoke(sim, ["play", "--virtual", str(file)], catch_exceptions=False).output
    assert "stock ledger: " in told
    assert told.endswith("A look: 1 steps, all as expected.\n")


def test_a_file_that_fails_or_cannot_be_read_ends_with_its_reason(tmp_path: Path):
    file = tmp_path / "wrong.toml"
    file.write_text('version = 1\ntitle = "Hope"\n' + WORLD + 'step = [{ act = "dance" }]\n')
    with pytest.raises(BadScenario, match="dance"):
        CliRunner().invoke(sim, ["play", str(file)], catch_exceptions=False)
    step = 'step = [{ act = "expect_event", type = "PickConfirmed" }]\n'
    file.write_text('version = 1\ntitle = "Hope"\n' + WORLD + step)
    with pytest.raises(StepFailed, match="step 1"):
        CliRunner().invoke(sim, ["play", "--virtual", str(file)], catch_exceptions=False)
