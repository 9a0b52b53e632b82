"""Acts on people: adding, changing, roles, PINs, passwords and permissions.

Owns `person`, `person_role`, `permission` and `api_token`; log-ins and sessions are in
`sessions.py`, refusals in `denials.py`. Whoever carries out an act for somebody asks `require`
first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from hub.db import Insert
from hub.errors import BadValue, HubError, NotFound
from hub.ids import NIL
from hub.journal import Act
from hub.staff import passwords, rules
from hub.staff.administrators import keeping_one
from hub.staff.models import ApiToken, Permission, Person, PersonRole
from hub.staff.queries import Allowed, allowed_of
from protocols import pin_verifier

ONE_TIME_US: Final = 72 * 3_600 * 1_000_000
"""A one-time password that nobody used in three days opens nothing."""
_insert_person: Final = Insert(Person)
_insert_role: Final = Insert(PersonRole, or_ignore=True)
_insert_permission: Final = Insert(Permission, or_ignore=True)
_insert_token: Final = Insert(ApiToken)


class Denied(HubError):
    """The person may not do this here. The border that shows it notes it (`denials`)."""

    code = "DENIED"

    def __init__(
        self, capability: str, action: str, site: str = rules.ANY, division: str = rules.ANY
    ) -> None:
        self.capability, self.action, self.site = capability, action, site
        self.division = division
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        return (
            f"You may not do this ({self.capability}.{self.action}{_of_division(self.division)}). "
            "Ask somebody who looks after people and roles."
        )

    def values(self) -> dict[str, object]:
        """The division is named where it is about one."""
        known = {"capability": self.capability, "action": self.action, "site": self.site}
        return {**known, **({} if self.division == rules.ANY else {"division": self.division})}


def _of_division(division: str) -> str:
    if division == rules.ANY:
        return ""
    return f" in the division {division}" if division else " where an order has no division"


class BadgeTaken(HubError):
    code = "BADGE_TAKEN"

    def __init__(self, badge: str) -> None:
        self.badge = badge
        super().__init__(f"The badge {badge} belongs to somebody else; use another number.")


class LoginTaken(HubError):
    code = "LOGIN_TAKEN"

    def __init__(self, login: str) -> None:
        self.login = login
        super().__init__(f"The login {login!r} is taken; choose another.")


class WeakPassword(HubError):
    """`fault` says what is wrong with it (rules.password_fault)."""

    code = "WEAK_PASSWORD"
    _sentences: Final = {
        "TOO_SHORT": f"Use at least {rules.PASSWORD_LENGTH_MIN} signs: three or four words do.",
        "TOO_LONG": f"Use at most {rules.PASSWORD_LENGTH_MAX} signs.",
        "OFTEN_USED": "This is among the first that are tried; choose words that nobody joins.",
        "TOO_UNIFORM": f"Use at least {rules.DIFFERENT_SIGNS_MIN} different signs.",
        "IS_THE_NAME": "The password is little more than your name; choose another.",
    }

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(self._sentences[fault])


def require(
    person_id: bytes, capability: str, action: str, site: str = "*", division: str = "*"
) -> None:
    """Refuse with Denied unless a role of the person covers the act at that site and division.

    `*` asks for every division: for what belongs to none, or to all of them.
    """
    require_of(allowed_of(person_id, site), capability, action, site, division)


def require_of(
    allowed: Allowed, capability: str, action: str, site: str = "*", division: str = "*"
) -> None:
    """As `require`, for permissions that were read before."""
    if division not in rules.reach(allowed, capability, action):
        raise Denied(capability, action, site, division)


def seed_permissions(act: Act) -> None:
    """Give the known roles what a new hub starts with; a role that has rows keeps them."""
    known = {role for (role,) in act.tx.rows("SELECT DISTINCT role FROM permission")}
    for role, permissions in rules.ROLES.items():
        if role not in known:
            for permission in permissions:
                capability, _, action = permission.partition(".")
                act.tx.add(_insert_permission, (role, capability, action))


def add_person(
    act: Act, company: str, name: str, *, badge: str | None = None, pin: str | None = None,
    login: str | None = None, password: str | None = None, roles: Iterable[str] = (),
    language: str = "en", must_change: bool = False, site: str = "*", verifier: str = "",
    password_hash: str = "",
) -> bytes:  # fmt: skip
    """Add somebody; returns the id. Raises BadgeTaken, LoginTaken, BadValue, BadPin.

    `verifier` and `password_hash` were made before the act (`passwords`); `pin` and `password` are
    for worlds in a test: some 30 ms of hashing each, and no replay makes the same hash.
    """
    login = login.strip().casefold() if login else None
    badge = badge.strip() if badge else None
    _refuse_taken(act, company, NIL, badge, login)
    id = act.new_id()
    proof = _verifier(id, pin) if pin else verifier
    act.tx.run(
        _insert_person.sql,
        (id, company, _name(name), badge, proof, *_pin_set(act, has_pin=bool(proof)), login,
         passwords.hashed(password) if password else password_hash, must_change,
         _good_until(act, must_change=must_change), 0, 0, language, True, act.now_us),
    )  # fmt: skip
    _give_roles(act, id, roles, site)
    return id


def _pin_set(act: Act, *, has_pin: bool) -> tuple[int | None, bytes | None]:
    """When and by whom a PIN is set now."""
    return (act.now_us, act.actor) if has_pin else (None, None)


def _good_until(act: Act, *, must_change: bool) -> int | None:
    """When a password stops to open anything: a one-time one does, one of their own never."""
    return act.now_us + ONE_TIME_US if must_change else None


def _name(name: str) -> str:
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= 100:
        raise BadValue("name", name, "use 1 to 100 signs")
    return tidy


def _verifier(id: bytes, pin: str) -> str:
    salt = hashlib.sha256(b"pin" + id).digest()[:12]
    return pin_verifier.make(pin, salt)


def _refuse_taken(act: Act, company: str, id: bytes, badge: str | None, login: str | None) -> None:
    where = "SELECT 1 FROM person WHERE company = ? AND id <> ? AND "
    if badge and act.tx.row(where + "badge = ?", (company, id, badge)):
        raise BadgeTaken(badge)
    if login and act.tx.row(where + "login = ?", (company, id, login)):
        raise LoginTaken(login)


def change_person(
    act: Act, id: bytes, *, name: str, badge: str | None, login: str | None, language: str,
    is_active: bool,
) -> None:  # fmt: skip
    """Write what a person is called and how they are known; leaving ends their sessions.

    Raises NotFound, BadgeTaken, LoginTaken, BadValue, LastAdministrator.
    """
    company = _company_of(act, id)
    login = login.strip().casefold() if login else None
    badge = badge.strip() if badge else None
    _refuse_taken(act, company, id, badge, login)
    with keeping_one(act, company):
        act.tx.run(
            "UPDATE person SET name = ?, badge = ?, login = ?, language = ?, is_active = ? "
            "WHERE id = ?",
            (_name(name), badge, login, language, is_active, id),
        )
    if not is_active:
        _end_log_ins(act, id)


def _company_of(act: Act, id: bytes) -> str:
    act.tx.flush()
    row = act.tx.row("SELECT company FROM person WHERE id = ?", (id,))
    if row is None:
        raise NotFound("person", id.hex())
    return str(row[0])


def leave(act: Act, id: bytes) -> None:
    """Somebody works here no more: their log-ins and keys end. Safe to repeat.

    Raises NotFound, LastAdministrator.
    """
    with keeping_one(act, _company_of(act, id)):
        shut_out(act, id)


def shut_out(act: Act, id: bytes) -> None:
    """As `leave`, of somebody who had left before and came back by a restored backup: whoever that
    may be, they stay out. Who is not known is passed over.
    """
    act.tx.run("UPDATE person SET is_active = ? WHERE id = ?", (False, id))
    _end_log_ins(act, id)


def _end_log_ins(act: Act, id: bytes) -> None:
    _end_sessions(act, id)
    _end_keys(act, id)


def _end_sessions(act: Act, id: bytes) -> None:
    act.tx.run("DELETE FROM web_session WHERE person = ?", (id,))


def _end_keys(act: Act, id: bytes) -> None:
    act.tx.run(
        "UPDATE api_token SET revoked_at = ? WHERE person = ? AND revoked_at IS NULL",
        (act.now_us, id),
    )


def set_roles(act: Act, id: bytes, roles: Iterable[str], site: str = "*") -> None:
    """Replace the person's roles in every division at a site (`*` for every site). Raises BadValue.

    Roles for one division alone stay (`grant`, `withdraw`). Raises LastAdministrator.
    """
    with keeping_one(act, _company_of(act, id)):
        act.tx.run(
            "DELETE FROM person_role WHERE person = ? AND site = ? AND division = ?",
            (id, site, rules.ANY),
        )
        _give_roles(act, id, roles, site)


def _give_roles(act: Act, id: bytes, roles: Iterable[str], site: str) -> None:
    for role in roles:
        grant(act, id, role, site, rules.ANY)


def grant(act: Act, id: bytes, role: str, site: str, division: str) -> None:
    """Give a role at a site and in a division, `*` for every one. Safe to repeat; BadValue."""
    if role not in rules.ROLES:
        raise BadValue("role", role, f"use one of {', '.join(rules.ROLES)}")
    if not division or len(division) > rules.DIVISION_SIGNS_MAX or not division.isprintable():
        raise BadValue("division", division[:40], "use its name as the orders have it")
    act.tx.add(_insert_role, (id, role, site, division))


def withdraw(act: Act, id: bytes, role: str, site: str, division: str) -> None:
    """Take a role at a site and in a division away.

    Raises NotFound when they do not have it, LastAdministrator.
    """
    with keeping_one(act, _company_of(act, id)):
        taken = act.tx.run(
            "DELETE FROM person_role WHERE person = ? AND role = ? AND site = ? AND division = ?",
            (id, role, site, division),
        )
    if taken != 1:
        raise NotFound("role of this person", role)


def set_pin(act: Act, id: bytes, verifier: str) -> None:
    """Set what proves the PIN on devices (`passwords.pin_proof`); raises NotFound.

    Its person is shown when that was, and by whom. Whoever works on a device goes on: what is asked
    for the next time is the new one.
    """
    changed = act.tx.run(
        "UPDATE person SET pin_verifier = ?, pin_set_at = ?, pin_set_by = ? WHERE id = ?",
        (verifier, act.now_us, act.actor, id),
    )
    if changed != 1:
        raise NotFound("person", id.hex())


def refuse_weak(password: str, login: str, name: str) -> None:
    fault = rules.password_fault(password, login, name)
    if fault:
        raise WeakPassword(fault)


def set_password(act: Act, id: bytes, password_hash: str, *, must_change: bool) -> None:
    """Store a hash made by `passwords.hashed`; every session of the person ends.

    One that must be changed is somebody else's doing: it opens the door for ONE_TIME_US only, and
    API keys end as well, since whoever was in before may have made one.
    """
    changed = act.tx.run(
        "UPDATE person SET password_hash = ?, must_change = ?, password_until = ?, "
        "failed_logins = 0, locked_until = 0 WHERE id = ?",
        (password_hash, must_change, _good_until(act, must_change=must_change), id),
    )
    if changed != 1:
        raise NotFound("person", id.hex())
    _end_sessions(act, id)
    if must_change:
        _end_keys(act, id)


def token_digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def add_token(act: Act, person: bytes, name: str, digest: bytes) -> bytes:
    """A personal API token, of which only the `token_digest` is kept. Returns its id."""
    id = act.new_id()
    act.tx.add(_insert_token, (id, digest, person, _name(name), act.now_us, None))
    return id


def revoke_token(act: Act, person: bytes, id: bytes) -> None:
    changed = act.tx.run(
        "UPDATE api_token SET revoked_at = ? WHERE id = ? AND person = ? AND revoked_at IS NULL",
        (act.now_us, id, person),
    )
    if changed != 1:
        raise NotFound("token", id.hex())
