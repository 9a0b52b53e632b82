"""The way back in, for whoever has the hub's machine when nobody can get in by the pages.

Owns what makes somebody an administrator who can log in, whatever was in the way. No page and no
address of the API comes here: reading the hub's files is the proof (docs/security.md).
"""

from __future__ import annotations

from typing import Final

from hub.errors import NotFound
from hub.journal import Act
from hub.security_events import Sight, note
from hub.staff import rules, second_factor, service

ROLE: Final = "admin"
"""What whoever is let in is given."""
_FULL_RIGHTS: Final = (
    "INSERT INTO permission (role, capability, action) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
)


def let_in(act: Act, person: bytes, password_hash: str) -> None:
    """Make somebody an administrator who gets in by a one-time password. Raises NotFound.

    They are back if they had left; lock-out, second factor, log-ins and keys of before end.
    Supervisors hear of it: whoever has the machine can do this, but not unseen.
    """
    if act.tx.run("UPDATE person SET is_active = ? WHERE id = ?", (True, person)) != 1:
        raise NotFound("person", person.hex())
    act.tx.run(_FULL_RIGHTS, (ROLE, rules.ANY, rules.ANY))
    service.grant(act, person, ROLE, rules.ANY, rules.ANY)
    second_factor.reset(act, person)
    service.set_password(act, person, password_hash, must_change=True)
    values = {"person": person.hex()}
    note(act, Sight("LET_IN_AT_MACHINE", act.now_us, alerts=True, values=values))
