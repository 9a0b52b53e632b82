"""The disk fills up: people hear of it before it is full, and no longer once there is room."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.backup.watch import look_at_room
from hub.floor_exceptions import FloorException
from hub.health.disk_room import AGAIN_AFTER_US, KIND, Told, news
from hub.health.rules import DISK_BAD_BYTES, DISK_WARN_BYTES
from hub.warehouse.acts import SettleException
from hub.warehouse.exceptions import KINDS
from tests.hub.conftest import TestHub

PLENTY, LOW, FULL = 10 * DISK_WARN_BYTES, DISK_WARN_BYTES - 1, DISK_BAD_BYTES - 1
NOW = 1_800_000_000_000_000


class Usage(NamedTuple):
    free: int


class Disk:
    """A disk that is as full as we say, and the hub on it."""

    def __init__(self, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self._hub, self._free = hub, PLENTY
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(self._free))

    def has(self, free: int, after_ms: int = 60_000) -> list[str]:
        """So much is free; the levels of what is open after the next look."""
        self._free = free
        self._hub.clock.advance(ms=after_ms)
        look_at_room(self._hub.journal, self._hub.site, Path("/"))
        rows = FloorException.select().where(FloorException.state == "OPEN")
        return [bytes(row.values).decode() for row in rows if row.kind == KIND]


@pytest.fixture
def disk(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(hub, monkeypatch)


def test_people_are_told_once_before_it_is_full_and_not_once_there_is_room(disk: Disk):
    assert disk.has(PLENTY) == []
    assert len(disk.has(LOW)) == 1
    assert len(disk.has(LOW - 2**20)) == 1
    assert len(disk.has(DISK_WARN_BYTES + 1)) == 1, "it does not come and go"
    assert disk.has(PLENTY) == []


def test_what_got_worse_is_news(disk: Disk):
    disk.has(LOW)
    (told,) = disk.has(FULL)
    assert '"FULL"' in told
    assert disk.has(LOW) == [told]


def test_somebody_looked_into_it_and_is_told_again_a_day_later(hub: TestHub, disk: Disk):
    disk.has(LOW)
    row = FloorException.get(FloorException.kind == KIND)
    settle = SettleException(row.id, "looked_at", {"text": "a larger one is ordered"})
    hub.journal.carry_out(settle, site=hub.site, via="page")
    assert disk.has(LOW) == []
    assert len(disk.has(LOW, after_ms=AGAIN_AFTER_US // 1_000)) == 1


def test_it_is_said_in_words(disk: Disk, hub: TestHub):
    disk.has(LOW)
    row = FloorException.get(FloorException.kind == KIND)
    assert "2047 MB are free (LOW)" in KINDS[KIND].text.format(megabytes=2047, level="LOW")
    assert b'"megabytes":2047' in bytes(row.values)


TOLD = st.none() | st.builds(
    Told, st.just(b"i" * 16), st.booleans(), st.sampled_from(["LOW", "FULL"]), st.integers(0, NOW)
)


@given(st.integers(0, 2 * PLENTY), TOLD)
def test_nobody_is_told_of_room_that_was_never_short_nor_of_a_lack_that_is_none(
    free: int, told: Told | None
):
    note = news(free, told, NOW)
    if note is None:
        return
    if note.level is None:
        assert told is not None
        assert told.is_open
        assert free > DISK_WARN_BYTES
    else:
        assert free < DISK_WARN_BYTES


@given(st.integers(0, DISK_WARN_BYTES - 1), TOLD)
def test_a_lack_is_on_the_list_unless_somebody_took_it_off_today(free: int, told: Told | None):
    note = news(free, told, NOW)
    is_on_list = (note is not None and note.level is not None) or (
        told is not None and told.is_open
    )
    is_off_today = told is not None and not told.is_open and NOW - told.at < AGAIN_AFTER_US
    assert is_on_list or is_off_today
