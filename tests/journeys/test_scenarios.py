"""Recorded sessions, played again: each in virtual time, those about processes live too."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.tester_bench.playing import play_live, play_virtual
from simulators.tester_bench.scenario import parse_scenario, read_scenario, write_scenario

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
LIVE = ("hub_killed_mid_line", "scanner_unplugged_mid_burst")
"""Kills, ptys and sockets; the others differ from virtual time in nothing but patience."""


def scenarios(*names: str):
    chosen = [file for file in FILES if not names or file.stem in names]
    return pytest.mark.parametrize("file", chosen, ids=[file.stem for file in chosen])


@scenarios()
def test_a_scenario_plays_in_virtual_time(file: Path, tmp_path: Path):
    assert play_virtual(read_scenario(file), tmp_path)


@scenarios(*LIVE)
@pytest.mark.broker
@pytest.mark.slow
def test_a_scenario_plays_with_real_processes(file: Path, tmp_path: Path):
    play_live(read_scenario(file), tmp_path)


@scenarios()
def test_a_scenario_is_written_as_it_was_read(file: Path):
    scenario = read_scenario(file)
    assert parse_scenario(write_scenario(scenario)) == scenario


def test_the_same_scenario_ends_with_the_same_ledger(tmp_path: Path):
    scenario = read_scenario(FILES[0])
    hashes = []
    for name in ("once", "again"):
        folder = tmp_path / name
        folder.mkdir()
        hashes.append(play_virtual(scenario, folder))
    assert hashes[0] == hashes[1]
