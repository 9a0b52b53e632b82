"""What was refused to somebody: log-ins that failed, pages and acts that they may not.

Owns `denial`. Whoever can reach the pages can cause it, as often as they like: it is written beside
the journal, since nothing follows from it, equal ones of a minute are one row with a count, and a
minute has a bounded number of rows. Lock-outs are never among those that are counted together.
"""

from __future__ import annotations

from typing import Final

from hub.ids import digest_id
from hub.journal import Act, Journal

MINUTE_US: Final = 60_000_000
LOG_INS_PER_MINUTE_MAX: Final = 20
"""Rows of failed log-ins in one minute; further ones share a row."""
ACTS_PER_MINUTE_MAX: Final = 200
"""Rows of what one person was refused in a minute, who is known after all."""
OTHERS: Final = "(others)"
LOG_IN: Final = "log-in: "
UNKNOWN_NAME: Final = LOG_IN + "unknown name"
WHAT_CHARS_MAX: Final = 200
ADDRESS_CHARS_MAX: Final = 64
_NOTE: Final = (
    "INSERT INTO denial (id, at, last_at, person, what, address, count) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    "count = denial.count + excluded.count, last_at = excluded.last_at"
)
_LOG_INS: Final = "SELECT COUNT(*) FROM denial WHERE at >= ? AND at < ? AND what LIKE 'log-in:%'"
_ACTS: Final = (
    "SELECT COUNT(*) FROM denial WHERE at >= ? AND at < ? AND what NOT LIKE 'log-in:%' "
    "AND person IS NOT DISTINCT FROM ?"
)


def note_beside(
    journal: Journal, site: str, person: bytes | None, what: str, address: str, *, locked_s: int = 0
) -> None:
    """As `note`, in a transaction of its own without a row in the journal."""

    def do(act: Act) -> None:
        if locked_s:
            note_lock(act, person, what, address, locked_s)
        else:
            note(act, person, what, address)

    journal.beside(do, site=site)


def note(act: Act, person: bytes | None, what: str, address: str, times: int = 1) -> None:
    """Write down what somebody was not allowed to do, or count it with its like of this minute.

    `what` is the request and the right that was missing, or LOG_IN and what was wrong. None of
    `times` leaves a row that counts for nothing: it costs as much as one that does.
    """
    what, address = what[:WHAT_CHARS_MAX], address[:ADDRESS_CHARS_MAX]
    id = _row_id(act, person, what, address)
    if _is_flooded(act, id, person, what):
        what, address = (LOG_IN + OTHERS, "") if _is_log_in(what) else (OTHERS, "")
        person = None if _is_log_in(what) else person
        id = _row_id(act, person, what, address)
    _write(act, id, person, what, address, times)


def note_lock(act: Act, person: bytes | None, what: str, address: str, locked_s: int) -> None:
    """Write down that a login is shut for so long. There is one in a minute of each, at most."""
    told = f"{what}; locked for {locked_s} s"
    _write(act, _row_id(act, person, told, address), person, told, address[:ADDRESS_CHARS_MAX], 1)


def forget(act: Act, before: int) -> int:
    """Delete what was last seen before a moment; returns how many rows. Safe to repeat."""
    return act.tx.run("DELETE FROM denial WHERE last_at < ?", (before,))


def _write(
    act: Act, id: bytes, person: bytes | None, what: str, address: str, times: int
) -> None:  # fmt: skip
    act.tx.run(_NOTE, (id, act.now_us, act.now_us, person, what, address, times))


def _row_id(act: Act, person: bytes | None, what: str, address: str) -> bytes:
    who = person.hex() if person else ""
    return digest_id("denial", who, what, address, str(act.now_us // MINUTE_US))


def _is_log_in(what: str) -> bool:
    return what.startswith(LOG_IN)


def _is_flooded(act: Act, id: bytes, person: bytes | None, what: str) -> bool:
    if act.tx.row("SELECT 1 FROM denial WHERE id = ?", (id,)) is not None:
        return False
    begins = act.now_us - act.now_us % MINUTE_US
    span = (begins, begins + MINUTE_US)
    if _is_log_in(what):
        ((count,),) = act.tx.rows(_LOG_INS, span)
        return bool(count >= LOG_INS_PER_MINUTE_MAX)
    ((count,),) = act.tx.rows(_ACTS, (*span, person))
    return bool(count >= ACTS_PER_MINUTE_MAX)
