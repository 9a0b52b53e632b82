"""Administrators: whoever may do everything everywhere, and so can give every right there is.

Owns who counts as one, and that the last of them stays. How there is one again when nobody can get
in any more is in `letting_in.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hub.errors import HubError
from hub.journal import Act

_WHO: Final = (
    "SELECT DISTINCT p.id FROM person p JOIN person_role r ON r.person = p.id "
    "JOIN permission m ON m.role = r.role WHERE p.company = ? AND p.is_active "
    "AND p.login IS NOT NULL AND p.password_hash <> '' "
    "AND (p.password_until IS NULL OR p.password_until > ?) "
    "AND r.site = '*' AND r.division = '*' AND m.capability = '*' AND m.action = '*'"
)


class LastAdministrator(HubError):
    """After this nobody could give rights any more."""

    code = "LAST_ADMINISTRATOR"

    def __init__(self) -> None:
        super().__init__(
            "This is the last administrator who can get in: nobody could give rights any more. "
            "Make somebody else an administrator first, in every division and with a login."
        )


def who(act: Act, company: str) -> set[bytes]:
    """Those who can log in now: here, with a login and a password that is not outdated."""
    act.tx.flush()
    return {bytes(id) for (id,) in act.tx.rows(_WHO, (company, act.now_us))}


@contextmanager
def keeping_one(act: Act, company: str) -> Iterator[None]:
    """Raises LastAdministrator if what is done inside takes away the last of them.

    Of two who do so at once the second waits for the first, and sees what it has left.
    """
    act.tx.alone(f"administrators/{company}")
    before = who(act, company)
    yield
    if before and not who(act, company):
        raise LastAdministrator
