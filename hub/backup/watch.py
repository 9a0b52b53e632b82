"""Starts the night's work when it is due. Owns one thread beside the planner, and nothing else.

The thread looks once a minute, also at the room on the disk; the work is done by a process of its
own, which dies with this one.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom
from threading import Event, Thread
from typing import Final

import msgspec
import peewee
import structlog

from hub.backup.acts import Kind, NoteNightlyRun
from hub.backup.queries import last_night, local_time
from hub.backup.rules import is_due
from hub.clock import SystemClock
from hub.config import HubConfig
from hub.health.disk_room import look_at_room
from hub.journal import Journal
from hub.opening import open_beside
from hub.process.supervise import python_command

LOOK_EVERY_S: Final = 60.0
_log = structlog.get_logger("night")


@contextmanager
def nights(config: HubConfig) -> Iterator[None]:
    """Have the night's work done while inside."""
    over = Event()
    thread = Thread(target=_watch, args=(config, over), name="nights", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(config: HubConfig, over: Event) -> None:
    database, clock = open_beside(config.database), SystemClock()
    began_ms = clock.mono_ms()
    while not over.wait(LOOK_EVERY_S):
        try:
            look_at_room(Journal(database, clock, SystemRandom()), config.site, config.data)
            up_s = (clock.mono_ms() - began_ms) / 1_000
            if is_night(config, database, clock.now_us(), up_s):
                code = _work(config, over)
                if not over.is_set() and is_night(config, database, clock.now_us(), up_s):
                    note_cut_short(config, Journal(database, clock, SystemRandom()), code)
        except Exception as wrong:  # noqa: BLE001 - an outermost loop: the next look tries again
            _log.error("night_failed", exc_info=wrong)
        finally:
            database.close()


def is_night(config: HubConfig, database: peewee.Database, now_us: int, up_s: float) -> bool:
    """Whether the work is due now."""
    now = local_time(database, config.site, now_us)
    last_day = last_night(database, config.site, _first_kind(config))
    return is_due(now, last_day, config.night_hour, up_s)


def note_cut_short(config: HubConfig, journal: Journal, code: int) -> None:
    """Have somebody know of a night whose process could say nothing itself, such as for want of
    memory, and let the work wait for the next night instead of beginning again within a minute.
    """
    day = local_time(journal.database, config.site, journal.clock.now_us()).date().isoformat()
    text = f"The night's work was cut short (it ended with {code})."
    note = NoteNightlyRun(_first_kind(config), day, is_good=False, text=text)
    journal.carry_out(note, site=config.site, via="timer")


def _first_kind(config: HubConfig) -> Kind:
    return "BACKUP" if config.is_sqlite else "VERIFY"


def _work(config: HubConfig, over: Event) -> int:
    """Wait for the process, and return its exit code; when the hub stops meanwhile, so does the
    work.
    """
    child = subprocess.Popen(python_command("hub.backup.night"), stdin=subprocess.PIPE)
    assert child.stdin is not None  # noqa: S101 - asked for above
    child.stdin.write(msgspec.json.encode(config))
    child.stdin.close()
    while child.poll() is None:
        if over.wait(1.0):
            child.terminate()
            child.wait()
    return child.returncode
