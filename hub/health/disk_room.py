"""Says where people look every day that the disk fills up, and takes it back once there is room.

Owns the exception DISK_LOW, and when one is opened, opened again, and settled by itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from hub.command import Command, command
from hub.db import fetch
from hub.floor_exceptions import open_exception, resolve
from hub.health.rules import DAY_US, DISK_BAD_BYTES, DISK_WARN_BYTES
from hub.journal import Act, Journal

KIND: Final = "DISK_LOW"
ROOM_AGAIN: Final = 1.25
"""It is settled with so much more than the limit, so that it does not come and go."""
AGAIN_AFTER_US: Final = DAY_US
"""Somebody looked into it and it is still low: they are told again after so long."""
Level = Literal["LOW", "FULL"]
Rows = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]


class Told(NamedTuple):
    """What people were told last."""

    id: bytes
    is_open: bool
    level: str
    at: int


@command("health.note_room")
class NoteRoom(Command[None], frozen=True):
    """The disk is low, or fuller than was told; with no level there is room again."""

    free: int
    """Bytes."""
    level: Level | None = None

    def carry_out(self, act: Act) -> None:
        told = _told(act.tx.rows, act.site)
        if told is not None and told.is_open:
            resolve(act, told.id, "there is room again" if self.level is None else "it got worse")
        if self.level is not None:
            open_exception(act, "DISK_LOW", level=self.level, megabytes=self.free // 2**20)


def look_at_room(journal: Journal, site: str, data: Path) -> None:
    """Look at the disk under the books, and tell people what is news. Cheap; once a minute."""
    database, free = journal.database, shutil.disk_usage(data).free
    told = _told(lambda sql, params: fetch(database, sql, params), site)
    note = news(free, told, journal.clock.now_us())
    if note is not None:
        journal.carry_out(note, site=site, via="timer")


def news(free: int, told: Told | None, now_us: int) -> NoteRoom | None:
    """What is to be told about so many free bytes, if anything. Pure."""
    level = _level(free)
    if told is None or (not told.is_open and now_us - told.at >= AGAIN_AFTER_US):
        return NoteRoom(free, level) if level is not None else None
    if level == "FULL" and told.level != "FULL":
        return NoteRoom(free, level)
    has_room = free >= DISK_WARN_BYTES * ROOM_AGAIN
    return NoteRoom(free) if told.is_open and has_room else None


def _level(free: int) -> Level | None:
    if free < DISK_BAD_BYTES:
        return "FULL"
    return "LOW" if free < DISK_WARN_BYTES else None


def _told(rows: Rows, site: str) -> Told | None:
    found = rows(
        'SELECT id, state, "values", opened_at FROM floor_exception '
        "WHERE site = ? AND kind = ? ORDER BY opened_at DESC LIMIT 1",
        (site, KIND),
    )
    if not found:
        return None
    id, state, values, opened_at = found[0]
    level = msgspec.json.decode(bytes(values)).get("level", "LOW")
    return Told(bytes(id), state == "OPEN", level, int(opened_at))
