"""Recorded sessions, played again: each in virtual time, those about processes live too."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.playing import play_live, play_virtual
from simulators.tester_bench.scenario import parse_scenario, read_scenario, write_scenario

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
LIVE_ONLY = tuple(file.stem for file in FILES if read_scenario(file).live_only)
LIVE = ("hub_killed_mid_line", "scanner_unplugged_mid_burst", *LIVE_ONLY)
"""Kills, ptys, sockets and certificates; the others differ from virtual time in patience alone."""
VIRTUAL = tuple(file.stem for file in FILES if file.stem not in LIVE_ONLY)


def scenarios(*names: str):
    chosen = [file for file in FILES if not names or file.stem in names]
    return pytest.mark.parametrize("file", chosen, ids=[file.stem for file in chosen])


@scenarios(*VIRTUAL)
def test_a_scenario_plays_in_virtual_time(file: Path, tmp_path: Path):
    assert play_virtual(read_scenario(file), tmp_path)


@scenarios(*LIVE)
@pytest.mark.broker
@pytest.mark.slow
def test_a_scenario_plays_with_real_processes(file: Path, tmp_path: Path):
    play_live(read_scenario(file), tmp_path)


@scenarios(*LIVE_ONLY)
def test_virtual_time_refuses_what_it_has_not_and_says_why(file: Path, tmp_path: Path):
    with pytest.raises(NotOnThisBench, match="certificates"):
        play_virtual(read_scenario(file), tmp_path)


@scenarios()
def test_a_scenario_is_written_as_it_was_read(file: Path):
    scenario = read_scenario(file)
    assert parse_scenario(write_scenario(scenario)) == scenario


def test_the_same_scenario_ends_with_the_same_ledger(tmp_path: Path):
    scenario = next(filter(lambda one: not one.live_only, map(read_scenario, FILES)))
    hashes = []
    for name in ("once", "again"):
        folder = tmp_path / name
        folder.mkdir()
        hashes.append(play_virtual(scenario, folder))
    assert hashes[0] == hashes[1]
