"""Log-ins on the pages: attempts, lock-out, sessions. Owns `web_session` and the counters of
`person`. An attempt is taken in one guarded statement before the password or the code is looked at,
so many guesses at once cost as many attempts. It is no act: anybody can make one.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import peewee

from hub.db import Insert, writing
from hub.errors import HubError
from hub.ids import NIL
from hub.journal import Act
from hub.staff import denials, rules, second_factor
from hub.staff.models import WebSession

SESSION_US: Final = 12 * 3_600 * 1_000_000
"""A log-in ends after twelve hours without a page: longer than any shift."""
LIFE_US: Final = 7 * 24 * 3_600 * 1_000_000
"""Used or not: after a week the password is asked again."""
TOUCH_US: Final = 5 * 60 * 1_000_000
CODE_WAIT_US: Final = 5 * 60 * 1_000_000
"""So long a right password waits for its second factor."""
SECRET_BYTES: Final = 32
_insert: Final = Insert(WebSession)


class Attempt(NamedTuple):
    """Somebody tries to log in; `person` is None when nobody has that login."""

    person: bytes | None
    password_hash: str = ""
    locked_s: int = 0
    """More than none: it may not even be made, for so long."""
    shuts_s: int = 0
    """So long the login stays shut if it was wrong."""


class NotAsked(HubError):
    """Nobody waits for a code here: the password comes first."""

    code = "CODE_NOT_ASKED"

    def __init__(self) -> None:
        super().__init__("That took too long. Log in again with your password.")


def take_attempt(act: Act, person: bytes | None, address: str = "") -> Attempt:
    """Count an attempt; `locked_s` > 0 means that none may be made for so long.

    None: nobody has that login, which writes a row all the same, and so takes as long. It is the
    row in which a refusal from this `address` is counted next.
    """
    row = act.tx.row(
        "SELECT id, password_hash, failed_logins, locked_until, password_until FROM person "
        "WHERE id = ? AND is_active",
        (person or NIL,),
    )
    if row is None:
        denials.note(act, None, denials.UNKNOWN_NAME, address, times=0)
        return Attempt(None)
    id, failed, ended = bytes(row[0]), int(row[2]) + 1, row[4]
    shuts_s = rules.lock_s(failed)
    until = act.now_us + shuts_s * 1_000_000
    taken = act.tx.run(
        "UPDATE person SET failed_logins = failed_logins + 1, locked_until = ? "
        "WHERE id = ? AND failed_logins = ? AND locked_until <= ?",
        (until, id, failed - 1, act.now_us),
    )
    if taken == 1:
        is_over = ended is not None and ended <= act.now_us
        return Attempt(id, "" if is_over else row[1], shuts_s=shuts_s)
    return Attempt(id, "", max(1, (int(row[3]) - act.now_us) // 1_000_000))


def give_back(act: Act, person: bytes) -> None:
    """The attempt just taken was right: it does not count. Those before it do, so whoever knows
    the password has no more tries at the second factor.
    """
    act.tx.run(
        "UPDATE person SET failed_logins = failed_logins - 1, locked_until = 0 "
        "WHERE id = ? AND failed_logins > 0",
        (person,),
    )


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def open_session(
    act: Act, person: bytes, id: bytes, address: str, *, is_proven: bool = False
) -> bool:
    """The password was right: a fresh secret carries the session. Returns whether it is open.

    `id` is the `digest` of that secret, which is kept nowhere. Without a proof of the second factor
    it stays shut, for CODE_WAIT_US, to whoever has one; the counter of wrong tries goes on then.
    """
    act.tx.run("DELETE FROM web_session WHERE expires_at < ?", (act.now_us,))
    is_open = is_proven or not second_factor.is_on(act, person)
    if is_open:
        act.tx.run("UPDATE person SET failed_logins = 0, locked_until = 0 WHERE id = ?", (person,))
    ends_at = act.now_us + (SESSION_US if is_open else CODE_WAIT_US)
    act.tx.add(_insert, (id, person, act.now_us, act.now_us, ends_at, address, not is_open))
    return is_open


def prove(act: Act, person: bytes, former: bytes, id: bytes, address: str) -> None:
    """The second factor was right: a session under another secret takes the place of `former`.

    Raises NotAsked when `former` does not wait for this person's code.
    """
    act.tx.flush()
    waited = act.tx.run(
        "DELETE FROM web_session WHERE id = ? AND person = ? AND awaits_code = ? "
        "AND expires_at > ?",
        (former, person, True, act.now_us),
    )
    if waited != 1:
        raise NotAsked
    open_session(act, person, id, address, is_proven=True)


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
            "CASE WHEN created_at + ? < ? THEN created_at + ? ELSE ? END "
            "WHERE id = ? AND awaits_code = ?",
            (now_us, LIFE_US, now_us + SESSION_US, LIFE_US, now_us + SESSION_US, id, False),
        )


def move_moments(act: Act, by_us: int) -> None:
    """The clock was set: log-ins, lock-outs, one-time passwords and what was put off last as long
    as before.
    """
    act.tx.run(
        "UPDATE role_rule SET put_off_until = put_off_until + ? WHERE put_off_until IS NOT NULL",
        (by_us,),
    )
    act.tx.run(
        "UPDATE web_session SET created_at = created_at + ?, seen_at = seen_at + ?, "
        "expires_at = expires_at + ?",
        (by_us, by_us, by_us),
    )
    act.tx.run(
        "UPDATE person SET locked_until = CASE WHEN locked_until = 0 THEN 0 "
        "ELSE locked_until + ? END, password_until = password_until + ?",
        (by_us, by_us),
    )
