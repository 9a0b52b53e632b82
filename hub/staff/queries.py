"""Reads about people: who is logged in, who may do what, who is on this shift."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import fn

from hub.staff.models import ApiToken, Permission, Person, PersonRole, WebSession
from protocols.messages.configuration import ShiftPerson


class Visitor(NamedTuple):
    """Somebody at the pages or the API, and what they may do at this site."""

    id: bytes
    name: str
    login: str
    language: str
    must_change: bool
    allowed: frozenset[tuple[str, str]]
    seen_at: int = 0


def _tuples(query: Any) -> list[tuple[Any, ...]]:
    """Rows as plain values; peewee's own types promise model instances here."""
    return list(query.tuples())


def allowed_of(person: bytes, site: str = "*", division: str = "*") -> frozenset[tuple[str, str]]:
    """(capability, action) pairs that the person's roles give at a site and division."""
    query = (
        Permission.select(Permission.capability, Permission.action)
        .join(PersonRole, on=(PersonRole.role == Permission.role))
        .join(Person, on=(Person.id == PersonRole.person))
        .where(
            PersonRole.person == person,
            Person.is_active,
            PersonRole.site.in_(("*", site)),
            PersonRole.division.in_(("*", division)),
        )
    )
    return frozenset((capability, action) for capability, action in _tuples(query))


def of_session(digest: bytes, site: str, now_us: int) -> Visitor | None:
    """Whose session this is, unless it has ended."""
    found = (
        WebSession.select(WebSession.person, WebSession.seen_at)
        .where(WebSession.id == digest, WebSession.expires_at > now_us)
        .tuples()
        .first()
    )
    return None if found is None else _visitor(found[0], site, found[1])


def of_token(digest: bytes, site: str) -> Visitor | None:
    """Whose API token this is, unless it was revoked."""
    found = (
        ApiToken.select(ApiToken.person)
        .where(ApiToken.digest == digest, ApiToken.revoked_at.is_null())
        .tuples()
        .first()
    )
    return None if found is None else _visitor(found[0], site, 0)


def _visitor(id: bytes, site: str, seen_at: int) -> Visitor | None:
    person = Person.get_or_none(Person.id == id, Person.is_active)
    if person is None:
        return None
    return Visitor(
        id, person.name, person.login or "", person.language, person.must_change,
        allowed_of(id, site), seen_at,
    )  # fmt: skip


def shift_people(company: str, site: str) -> list[ShiftPerson]:
    """Who may log in on the devices of a site: badge, PIN and any role there."""
    query = (
        Person.select()
        .join(PersonRole, on=(PersonRole.person == Person.id))
        .where(
            Person.company == company,
            Person.is_active,
            Person.badge.is_null(False),
            Person.pin_verifier != "",
            PersonRole.site.in_(("*", site)),
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
    query = (
        PersonRole.select(PersonRole.person, PersonRole.role)
        .where(PersonRole.person.in_(ids))
        .order_by(PersonRole.role)
    )
    roles: dict[bytes, list[str]] = {}
    for person, role in _tuples(query):
        roles.setdefault(person, []).append(role)
    return roles


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
