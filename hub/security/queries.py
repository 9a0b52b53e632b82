"""Reads about security: what was seen, how far logs are read."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import peewee

from hub.security.log_tail import Mark
from hub.security.models import LogMark
from hub.security_events import SecurityEvent
from hub.staff.models import Denial

_decode: Final = msgspec.json.Decoder(dict[str, str]).decode
WEB: Final = "WEB_DENIED"


class Row(NamedTuple):
    """One line of the list, whatever table it comes from."""

    id: bytes
    kind: str
    subject: str
    person: bytes | None
    address: str
    values: dict[str, str]
    times: int
    at: int
    last_at: int


def mark(site: str, log: str) -> Mark:
    """How far a log was read and noted."""
    found = LogMark.get_or_none(LogMark.site == site, LogMark.log == log)
    return Mark(found.head, found.offset) if found else Mark()


def events(
    site: str, kinds: tuple[str, ...], after: tuple[int, bytes] | None, limit: int
) -> list[Row]:
    """Security events, newest first; `after` is the key of the last one seen."""
    query = SecurityEvent.select().where(SecurityEvent.site == site)
    if kinds:
        query = query.where(SecurityEvent.kind.in_(kinds))
    if after is not None:
        query = query.where(_before(SecurityEvent.first_at, SecurityEvent.id, after))
    query = query.order_by(SecurityEvent.first_at.desc(), SecurityEvent.id.desc()).limit(limit)
    return [
        Row(row.id, row.kind, row.subject, None, row.address, _decode(row.values), row.count,
            row.first_at, row.last_at)
        for row in query
    ]  # fmt: skip


def denials(after: tuple[int, bytes] | None, limit: int) -> list[Row]:
    """What the pages refused to somebody, failed log-ins included, newest first."""
    query = Denial.select()
    if after is not None:
        query = query.where(_before(Denial.at, Denial.id, after))
    query = query.order_by(Denial.at.desc(), Denial.id.desc()).limit(limit)
    return [
        Row(
            row.id,
            WEB,
            "",
            row.person,
            row.address,
            {"what": row.what},
            row.count,
            row.at,
            row.last_at,
        )
        for row in query
    ]


def _before(at: Any, id: Any, key: tuple[int, bytes]) -> Any:
    return (at < key[0]) | ((at == key[0]) & (id < key[1]))


def has_older(site: str, before: int) -> bool:
    """Whether something was last seen, or refused, before a moment."""
    seen = SecurityEvent.select().where(SecurityEvent.site == site, SecurityEvent.last_at < before)
    return bool(seen.exists() or Denial.select().where(Denial.last_at < before).exists())


def last_denial() -> int:
    """The moment at which something was last refused to somebody."""
    return int(Denial.select(peewee.fn.MAX(Denial.last_at)).scalar() or 0)


def newest(site: str) -> tuple[int, int]:
    """(moment of the last security event, how often things were seen in all): what a page that
    shows them looks at to know whether it is old.
    """
    query: Any = SecurityEvent.select(
        peewee.fn.MAX(SecurityEvent.last_at), peewee.fn.SUM(SecurityEvent.count)
    ).where(SecurityEvent.site == site)
    last, count = query.tuples().get()
    return int(last or 0), int(count or 0)
