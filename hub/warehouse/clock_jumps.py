"""The hub's own clock was set by more than a little: what then becomes of all that counts down.

Owns noticing it and the act that follows. Nothing that happened is changed: rows keep the moments
under which they were written, their order is the ledger's, and ids are told apart by more than
their moment. But a lease, a log-in, a lock-out or a pause that counts from the old time would end
at once, or in four hundred days. These are moved along with the clock, and people are told
(docs/decisions/0030-clock-jumps.md).
"""

from __future__ import annotations

from typing import Final

import structlog

from hub import outbox
from hub.clock import Clock
from hub.command import Command, command
from hub.db import fetch
from hub.devices import service as devices
from hub.journal import Act, Journal
from hub.security_events import Sight, note
from hub.staff import sessions
from hub.warehouse import leases

JUMP_US: Final = 60_000_000
"""A smaller step, as of a time server, changes nothing that counts in minutes."""
DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
_log = structlog.get_logger("planner")


class JumpWatch:
    """Compares the wall clock with the one that never jumps. One for each process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us = self._offset()

    def look(self) -> int:
        """By how much the clock was set since the last look; 0 for less than JUMP_US."""
        before, self._offset_us = self._offset_us, self._offset()
        by_us = self._offset_us - before
        return by_us if abs(by_us) >= JUMP_US else 0

    def _offset(self) -> int:
        return self._clock.now_us() - self._clock.mono_ms() * 1_000


def set_back_since(journal: Journal, site: str) -> int:
    """At the start: by how much the clock is behind the last act of the books; 0 or negative.

    A clock that is ahead cannot be told from a hub that was off for as long.
    """
    sql = "SELECT now_us FROM journal WHERE site = ? ORDER BY position DESC LIMIT 1"
    rows = fetch(journal.database, sql, (site,))
    by_us = journal.clock.now_us() - int(rows[0][0]) if rows else 0
    return by_us if by_us <= -JUMP_US else 0


@command("clock.follow_jump")
class FollowJump(Command[None], frozen=True):
    """The clock was set by so much, ahead (positive) or back."""

    by_us: int

    def carry_out(self, act: Act) -> None:
        follow(act, self.by_us)


def follow(act: Act, by_us: int) -> None:
    """Move what counts down along with the clock, and say so: status page and page Security.

    What was written between the jump and this act counts from the new time already and is moved as
    well; it is a moment's worth, and ends early or late by the jump.
    """
    act.tx.flush()
    outbox.move_moments(act, by_us)
    sessions.move_moments(act, by_us)
    devices.move_moments(act, by_us)
    leases.move_moments(act, by_us)
    values = {"by": in_words(by_us), "direction": "ahead" if by_us > 0 else "back"}
    note(act, Sight("CLOCK_JUMPED", act.now_us, values=values))


def in_words(by_us: int) -> str:
    """How far, in the unit that people would use."""
    for unit_us, unit in ((DAY_US, "days"), (HOUR_US, "hours"), (JUMP_US, "minutes")):
        if abs(by_us) >= 2 * unit_us:
            return f"{round(abs(by_us) / unit_us)} {unit}"
    return f"{round(abs(by_us) / 1_000_000)} seconds"


def follow_if_set(journal: Journal, site: str, by_us: int) -> bool:
    """Enter a jump, if there was one."""
    if by_us:
        _log.warning("clock_jumped", by_s=by_us // 1_000_000)
        journal.carry_out(FollowJump(by_us), site=site, via="timer")
    return bool(by_us)
