"""Log-ins on the pages: attempts, lock-out, sessions. Owns `web_session` and the counters of
`person`. An attempt is taken in one guarded statement before the password is looked at, so many
guesses at once cost as many attempts.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import peewee

from hub.db import Insert, writing
from hub.ids import NIL
from hub.journal import Act
from hub.staff import rules
from hub.staff.models import WebSession

SESSION_US: Final = 12 * 3_600 * 1_000_000
"""A log-in ends after twelve hours without a page: longer than any shift."""
LIFE_US: Final = 7 * 24 * 3_600 * 1_000_000
"""Used or not: after a week the password is asked again."""
TOUCH_US: Final = 5 * 60 * 1_000_000
SECRET_BYTES: Final = 32
_insert: Final = Insert(WebSession)


class Attempt(NamedTuple):
    """Somebody tries to log in; `person` is None when nobody has that login."""

    person: bytes | None
    password_hash: str = ""
    locked_s: int = 0


def take_attempt(act: Act, person: bytes | None) -> Attempt:
    """Count an attempt; `locked_s` > 0 means that none may be made for so long.

    None: nobody has that login, which takes an act all the same, and so as long.
    """
    row = act.tx.row(
        "SELECT id, password_hash, failed_logins, locked_until FROM person "
        "WHERE id = ? AND is_active",
        (person or NIL,),
    )
    if row is None:
        return Attempt(None)
    id, failed = bytes(row[0]), int(row[2]) + 1
    until = act.now_us + rules.lock_s(failed) * 1_000_000
    taken = act.tx.run(
        "UPDATE person SET failed_logins = failed_logins + 1, locked_until = ? "
        "WHERE id = ? AND failed_logins = ? AND locked_until <= ?",
        (until, id, failed - 1, act.now_us),
    )
    if taken == 1:
        return Attempt(id, row[1])
    return Attempt(id, "", max(1, (int(row[3]) - act.now_us) // 1_000_000))


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def open_session(act: Act, person: bytes, id: bytes, address: str) -> None:
    """The password was right: the counter starts anew, and a fresh secret carries the session.

    `id` is the `digest` of that secret, which is kept nowhere.
    """
    act.tx.run("UPDATE person SET failed_logins = 0, locked_until = 0 WHERE id = ?", (person,))
    act.tx.run("DELETE FROM web_session WHERE expires_at < ?", (act.now_us,))
    act.tx.add(
        _insert,
        (id, person, act.now_us, act.now_us, act.now_us + SESSION_US, address),
    )


def close_session(act: Act, id: bytes) -> None:
    """Log out; safe to repeat."""
    act.tx.run("DELETE FROM web_session WHERE id = ?", (id,))


def end_sessions(act: Act, person: bytes, but: bytes = b"") -> int:
    """End the log-ins of a person, all or all but one; returns how many. Safe to repeat."""
    return act.tx.run("DELETE FROM web_session WHERE person = ? AND id <> ?", (person, but))


def touch(database: peewee.Database, id: bytes, now_us: int) -> None:
    """Somebody still uses the session: it lasts on. No act, since nothing else changes."""
    with writing(database, now_us) as tx:
        tx.run(
            "UPDATE web_session SET seen_at = ?, expires_at = "
            "CASE WHEN created_at + ? < ? THEN created_at + ? ELSE ? END WHERE id = ?",
            (now_us, LIFE_US, now_us + SESSION_US, LIFE_US, now_us + SESSION_US, id),
        )
