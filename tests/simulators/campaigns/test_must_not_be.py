"""A campaign that found what must not be ends with an error; one that took long does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from simulators.bench import command
from simulators.campaigns.must_not_be import broken

FINE: dict[str, Any] = {
    "events": 70, "events_lost": 0, "world_mismatch": None, "verify": "ok", "late": 3,
    "controls": {"OFF": {"corrupt": 5}}, "trials": {"no inodes": {"good": True}, "air": {}},
    "flood": {"events_lost": 0, "verify": "ok"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"events_lost": 2}, "events_lost: 2"),
        ({"world_mismatch": 1}, "world_mismatch: 1"),
        ({"verify": "journal: 7"}, "verify: journal: 7"),
        ({"trials": {"no inodes": {"good": False}}}, "no inodes: {'good': False}"),
        ({"flood": {"events_doubled": 1}}, "events_doubled: 1"),
    ],
)
def test_what_must_not_be_is_named(found: dict[str, Any], said: str):
    assert list(broken({**FINE, **found})) == [said]


def test_late_recoveries_and_what_controls_lost_break_nothing():
    assert list(broken(FINE)) == []


@pytest.mark.parametrize(("lost", "status"), [(0, 0), (1, 1)])
def test_the_command_ends_as_the_campaign_went(
    lost: int, status: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(command.BENCHES, "drain", f"{__name__}:lost_{lost}")
    ended = CliRunner().invoke(command.bench, ["drain", "--json"])
    assert ended.exit_code == status
    assert json.loads(ended.stdout.splitlines()[0])["events_lost"] == lost


def lost_0(say: object, scale: float) -> dict[str, Any]:
    return {"events_lost": 0}


def lost_1(say: object, scale: float) -> dict[str, Any]:
    return {"events_lost": 1}
