"""The second factor of people on the pages: set up, asked for, lost. Owns `second_factor`,
`recovery_code` and `role_rule`.

Codes are compared before the act; an act takes the step that a code belonged to, or the digest of a
recovery code, in one guarded statement: nothing opens the door twice
(docs/decisions/0031-second-factor.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import ClassVar, Final

from hub.db import Insert
from hub.errors import BadValue, HubError
from hub.journal import Act
from hub.staff import rules
from hub.staff.models import RecoveryCode

RECOVERY_CODES: Final = 8
SET_UP_US: Final = 15 * 60 * 1_000_000
"""So long a picture waits for its first code."""
_insert_code: Final = Insert(RecoveryCode)
_BEGIN: Final = (
    "INSERT INTO second_factor (person, secret, made_at, confirmed_at, last_step) "
    "VALUES (?, ?, ?, NULL, 0) ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, "
    "made_at = excluded.made_at, last_step = 0 WHERE second_factor.confirmed_at IS NULL"
)
PUT_OFF_US: Final = 14 * 24 * 3_600 * 1_000_000
"""So long a new hub can be run without: somebody has to get in first, and find a telephone."""
BEGINS_WITH: Final = ("admin",)
"""Roles of which a new hub demands it: they give rights, make keys, and see who shut whom out."""
_SET_RULE: Final = (
    "INSERT INTO role_rule (role, needs_second_factor, put_off_until) VALUES (?, ?, NULL) "
    "ON CONFLICT (role) DO UPDATE SET needs_second_factor = excluded.needs_second_factor, "
    "put_off_until = NULL"
)
_BEGIN_RULE: Final = (
    "INSERT INTO role_rule (role, needs_second_factor, put_off_until) VALUES (?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)


class WrongCode(HubError):
    """Not the code of now; one sentence for whatever is wrong with it, `fact` is for the audit."""

    code = "WRONG_CODE"
    fact: ClassVar[str] = "wrong code"

    def __init__(self) -> None:
        super().__init__(
            "This code is not right, or was used before. Type the one that is shown now."
        )


class CodeUsed(WrongCode):
    """The code was right and has opened the door before."""

    fact = "a code that was used before"


class SecondFactorOn(HubError):
    code = "SECOND_FACTOR_ON"

    def __init__(self) -> None:
        super().__init__("A telephone is set up already. Turn it off first, then set up another.")


class NoSecondFactor(HubError):
    code = "NO_SECOND_FACTOR"

    def __init__(self) -> None:
        super().__init__("No telephone is being set up here. Begin again on your page.")


class SecondFactorNeeded(HubError):
    """`role` is one of theirs that may not go without."""

    code = "SECOND_FACTOR_NEEDED"

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(f"Whoever is {role} needs a second factor here: it cannot be turned off.")


def digest_of(recovery: str) -> bytes:
    """What is kept of a recovery code, typed with dashes or without: 125 random bits need no slow
    hash.
    """
    plain = recovery.upper().replace("-", "").replace(" ", "")
    return hashlib.sha256(b"recovery" + plain.encode()).digest()


def begin(act: Act, person: bytes, secret: str) -> None:
    """Write down a secret that counts once its first code was right. An unfinished one ends.

    Raises SecondFactorOn.
    """
    if act.tx.run(_BEGIN, (person, secret, act.now_us)) != 1:
        raise SecondFactorOn
    _forgive(act, person)


def confirm(act: Act, person: bytes, step: int, recovery: Iterable[bytes]) -> None:
    """The first code was right: from now on it is asked for at every log-in. Raises NoSecondFactor.

    `recovery` are the digests of fresh recovery codes; all former ones end.
    """
    changed = act.tx.run(
        "UPDATE second_factor SET confirmed_at = ?, last_step = ? "
        "WHERE person = ? AND confirmed_at IS NULL AND made_at > ?",
        (act.now_us, step, person, act.now_us - SET_UP_US),
    )
    if changed != 1:
        raise NoSecondFactor
    renew_recovery(act, person, recovery)


def renew_recovery(act: Act, person: bytes, recovery: Iterable[bytes]) -> None:
    """Give out recovery codes anew; those of before open nothing any more."""
    act.tx.run("DELETE FROM recovery_code WHERE person = ?", (person,))
    for digest in recovery:
        act.tx.add(_insert_code, (digest, person, None))


def is_on(act: Act, person: bytes) -> bool:
    """Whether a code is asked for at their log-in."""
    row = act.tx.row(
        "SELECT 1 FROM second_factor WHERE person = ? AND confirmed_at IS NOT NULL", (person,)
    )
    return row is not None


def take_step(act: Act, person: bytes, step: int) -> None:
    """Use up the code of a step. Raises CodeUsed for one of this step or an earlier one."""
    taken = act.tx.run(
        "UPDATE second_factor SET last_step = ? "
        "WHERE person = ? AND last_step < ? AND confirmed_at IS NOT NULL",
        (step, person, step),
    )
    if taken != 1:
        raise CodeUsed


def take_recovery(act: Act, person: bytes, digest: bytes) -> None:
    """Use up a recovery code. Raises CodeUsed when it was, or was never theirs."""
    taken = act.tx.run(
        "UPDATE recovery_code SET used_at = ? WHERE digest = ? AND person = ? AND used_at IS NULL",
        (act.now_us, digest, person),
    )
    if taken != 1:
        raise CodeUsed


def turn_off(act: Act, person: bytes) -> None:
    """Go without from now on, by one's own wish. Raises SecondFactorNeeded, NoSecondFactor."""
    row = act.tx.row(
        "SELECT r.role FROM role_rule r JOIN person_role p ON p.role = r.role "
        "WHERE p.person = ? AND r.needs_second_factor = ? ORDER BY r.role LIMIT 1",
        (person, True),
    )
    if row is not None:
        raise SecondFactorNeeded(row[0])
    if not _remove(act, person):
        raise NoSecondFactor
    _forgive(act, person)


def reset(act: Act, person: bytes) -> None:
    """The telephone is lost: a colleague takes the factor away and ends every log-in.

    Safe to repeat. Where a role needs one, the next log-in leads to setting up another.
    """
    _remove(act, person)
    act.tx.run("DELETE FROM web_session WHERE person = ?", (person,))


def begin_rules(act: Act) -> None:
    """What a new hub demands, from PUT_OFF_US on, until somebody says otherwise. One in which
    people work already is left as it is. Safe to repeat.
    """
    if act.tx.row("SELECT 1 FROM person") is None:
        for role in BEGINS_WITH:
            act.tx.run(_BEGIN_RULE, (role, True, act.now_us + PUT_OFF_US))


def set_rule(act: Act, role: str, *, needs_second_factor: bool) -> None:
    """Say whether everybody of a role needs a second factor, from now on. Raises BadValue."""
    if role not in rules.ROLES:
        raise BadValue("role", role, f"use one of {', '.join(rules.ROLES)}")
    act.tx.run(_SET_RULE, (role, needs_second_factor))


def _remove(act: Act, person: bytes) -> bool:
    act.tx.run("DELETE FROM recovery_code WHERE person = ?", (person,))
    return act.tx.run("DELETE FROM second_factor WHERE person = ?", (person,)) == 1


def _forgive(act: Act, person: bytes) -> None:
    """Whoever asked was asked for the password first, and it was right."""
    act.tx.run("UPDATE person SET failed_logins = 0, locked_until = 0 WHERE id = ?", (person,))
