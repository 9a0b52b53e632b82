"""Reads about people: who is logged in, who may do what, who is on this shift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from peewee import fn

from hub.staff import rules
from hub.staff.models import (
    ApiToken,
    Permission,
    Person,
    PersonRole,
    RecoveryCode,
    RoleRule,
    SecondFactor,
    WebSession,
)
from hub.staff.rules import Right
from protocols.messages.configuration import ShiftPerson

BEFORE_ALL_ENDS: Final = 0
"""A moment at which everything can still be put off: a program cannot set up a telephone."""
Allowed = Mapping[str, frozenset[tuple[str, str]]]
"""(capability, action) pairs by division; `*` has those for every one."""


class Visitor(NamedTuple):
    """Somebody at the pages or the API, and what they may do at this site."""

    id: bytes
    name: str
    login: str
    language: str
    must_change: bool
    allowed: Allowed
    seen_at: int = 0
    awaits_code: bool = False
    """The password was right; the second factor has yet to be shown."""
    must_enrol: bool = False
    """A role of theirs needs a second factor, and they have none."""
    may_wait_until: int = 0
    """Likewise, but until then they can put it off."""

    @property
    def stands_before(self) -> str:
        """What is asked of them before any page: `code`, `password`, `factor`, or nothing."""
        if self.awaits_code:
            return "code"
        if self.must_change:
            return "password"
        return "factor" if self.must_enrol else ""


def _tuples(query: Any) -> list[tuple[Any, ...]]:
    """Rows as plain values; peewee's own types promise model instances here."""
    return list(query.tuples())


def allowed_of(person: bytes, site: str = "*") -> Allowed:
    """What the person's roles give at a site, by division."""
    query = (
        Permission.select(PersonRole.division, Permission.capability, Permission.action)
        .join(PersonRole, on=(PersonRole.role == Permission.role))
        .join(Person, on=(Person.id == PersonRole.person))
        .where(PersonRole.person == person, Person.is_active, PersonRole.site.in_(("*", site)))
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for division, capability, action in _tuples(query):
        found.setdefault(division, set()).add((capability, action))
    return {division: frozenset(pairs) for division, pairs in found.items()}


def rights_of(person: bytes) -> frozenset[Right]:
    """All that a person's roles give, wherever it is."""
    query = (
        Permission.select(
            Permission.capability, Permission.action, PersonRole.site, PersonRole.division
        )
        .join(PersonRole, on=(PersonRole.role == Permission.role))
        .where(PersonRole.person == person)
    )
    return frozenset(Right(*row) for row in _tuples(query))


def rights_of_roles(roles: Iterable[str], site: str, division: str) -> frozenset[Right]:
    """What these roles give to whoever has them at a site and in a division."""
    query = Permission.select(Permission.capability, Permission.action)
    found = _tuples(query.where(Permission.role.in_(list(roles))))
    return frozenset(Right(capability, action, site, division) for capability, action in found)


def of_session(digest: bytes, site: str, now_us: int) -> Visitor | None:
    """Whose session this is, unless it has ended."""
    found = (
        WebSession.select(WebSession.person, WebSession.seen_at, WebSession.awaits_code)
        .where(WebSession.id == digest, WebSession.expires_at > now_us)
        .tuples()
        .first()
    )
    if found is None:
        return None
    person, seen_at, awaits_code = found
    return _visitor(person, site, seen_at, now_us, awaits_code=bool(awaits_code))


def of_token(digest: bytes, site: str) -> Visitor | None:
    """Whose API token this is, unless it was revoked."""
    found = (
        ApiToken.select(ApiToken.person)
        .where(ApiToken.digest == digest, ApiToken.revoked_at.is_null())
        .tuples()
        .first()
    )
    return None if found is None else _visitor(found[0], site, 0, BEFORE_ALL_ENDS)


def _visitor(
    id: bytes, site: str, seen_at: int, now_us: int, *, awaits_code: bool = False
) -> Visitor | None:
    person = Person.get_or_none(Person.id == id, Person.is_active)
    if person is None:
        return None
    rule = None if has_second_factor(id) else rule_on(id)
    waits = rule is not None and (rule.put_off_until or 0) > now_us
    return Visitor(
        id, person.name, person.login or "", person.language, person.must_change,
        allowed_of(id, site), seen_at, awaits_code, must_enrol=rule is not None and not waits,
        may_wait_until=rule.put_off_until if rule and waits else 0,
    )  # fmt: skip


def rule_on(person: bytes) -> RoleRule | None:
    """The strictest rule of their roles that needs a second factor, if there is one."""
    query = (
        RoleRule.select()
        .join(PersonRole, on=(PersonRole.role == RoleRule.role))
        .where(PersonRole.person == person, RoleRule.needs_second_factor)
    )
    return min(query, key=lambda rule: (rule.put_off_until or 0, rule.role), default=None)


def second_factor(person: bytes) -> SecondFactor | None:
    """Their second factor, confirmed or being set up."""
    return SecondFactor.get_or_none(SecondFactor.person == person)


def has_second_factor(person: bytes) -> bool:
    return bool(
        SecondFactor.select()
        .where(SecondFactor.person == person, SecondFactor.confirmed_at.is_null(False))
        .exists()
    )


def recovery_codes_left(person: bytes) -> int:
    return int(
        RecoveryCode.select()
        .where(RecoveryCode.person == person, RecoveryCode.used_at.is_null())
        .count()
    )


def roles_with_rule() -> dict[str, int | None]:
    """Roles that nobody has without a second factor, and until when that can be put off."""
    return {rule.role: rule.put_off_until for rule in RoleRule.select() if rule.needs_second_factor}


def rights_without_second_factor(company: str) -> list[str]:
    """Names of those who may give rights somewhere, have logged in, and have no second factor."""
    confirmed = SecondFactor.select(SecondFactor.person).where(
        SecondFactor.confirmed_at.is_null(False)
    )
    query = (
        Person.select(Person.name)
        .join(PersonRole, on=(PersonRole.person == Person.id))
        .join(Permission, on=(Permission.role == PersonRole.role))
        .where(
            Person.company == company, Person.is_active, Person.login.is_null(False),
            Person.password_hash != "", ~Person.must_change, Person.id.not_in(confirmed),
            Permission.capability.in_((rules.ANY, "staff")),
            Permission.action.in_((rules.ANY, "edit")),
        )
        .distinct()
        .order_by(Person.name)
    )  # fmt: skip
    return [name for (name,) in _tuples(query)]


def permissions_by_role() -> dict[str, list[str]]:
    """What each role may do, as `capability.action`."""
    found: dict[str, list[str]] = {}
    rows = Permission.select().order_by(Permission.capability, Permission.action)
    for row in rows:
        found.setdefault(row.role, []).append(f"{row.capability}.{row.action}")
    return found


def shift_people(company: str, site: str) -> list[ShiftPerson]:
    """Who may log in on the devices of a site: badge, PIN, and the right to pick there.

    In every division: totes of one tour hold orders of several, and a wave belongs to none.
    """
    query = (
        Person.select()
        .join(PersonRole, on=(PersonRole.person == Person.id))
        .join(Permission, on=(Permission.role == PersonRole.role))
        .where(
            Person.company == company,
            Person.is_active,
            Person.badge.is_null(False),
            Person.pin_verifier != "",
            PersonRole.site.in_((rules.ANY, site)),
            PersonRole.division == rules.ANY,
            Permission.capability.in_((rules.ANY, rules.PICK[0])),
            Permission.action.in_((rules.ANY, rules.PICK[1])),
        )
        .distinct()
        .order_by(Person.badge)
    )
    return [
        ShiftPerson(p.id.hex(), p.badge or "", p.name, p.pin_verifier, p.language) for p in query
    ]


class Colleague(NamedTuple):
    """A person and the names of their roles."""

    person: Person
    roles: list[str]


def people(company: str, search: str = "") -> list[Colleague]:
    """Everybody, active ones first."""
    query = Person.select().where(Person.company == company)
    if search:
        like = f"%{search.casefold()}%"
        query = query.where(
            (fn.LOWER(Person.name) ** like) | (Person.badge == search) | (Person.login**like)
        )
    found = list(query.order_by(Person.is_active.desc(), fn.LOWER(Person.name)))
    roles = roles_of([person.id for person in found])
    return [Colleague(person, roles.get(person.id, [])) for person in found]


def roles_of(ids: list[bytes]) -> dict[bytes, list[str]]:
    """The names of their roles; one that is not for every division says for which."""
    query = (
        PersonRole.select(PersonRole.person, PersonRole.role, PersonRole.division)
        .where(PersonRole.person.in_(ids))
        .order_by(PersonRole.role, PersonRole.division)
    )
    roles: dict[bytes, list[str]] = {}
    for person, role, division in _tuples(query):
        roles.setdefault(person, []).append(role if division == "*" else f"{role} ({division})")
    return roles


def grants_of(person: bytes) -> list[PersonRole]:
    """Each role of a person, with the site and division it is for."""
    query = PersonRole.select().where(PersonRole.person == person)
    return list(query.order_by(PersonRole.division, PersonRole.role, PersonRole.site))


def known_divisions() -> list[str]:
    """Divisions that a role is limited to."""
    query = PersonRole.select(PersonRole.division).where(PersonRole.division != "*").distinct()
    return sorted(division for (division,) in _tuples(query))


def person(company: str, id: bytes) -> Person | None:
    return Person.get_or_none(Person.company == company, Person.id == id)


def person_by_login(company: str, login: str) -> Person | None:
    return Person.get_or_none(Person.company == company, Person.login == login.strip().casefold())


def names_of(ids: list[bytes]) -> dict[bytes, str]:
    return dict(_tuples(Person.select(Person.id, Person.name).where(Person.id.in_(ids))))


def sessions_of(person: bytes, now_us: int) -> list[WebSession]:
    """Where somebody is logged in, the newest first."""
    query = WebSession.select().where(WebSession.person == person, WebSession.expires_at > now_us)
    return list(query.order_by(WebSession.created_at.desc()))


def tokens_of(person: bytes) -> list[ApiToken]:
    return list(
        ApiToken.select()
        .where(ApiToken.person == person, ApiToken.revoked_at.is_null())
        .order_by(ApiToken.created_at)
    )
