"""What a page has at hand: settings, journal, live feed, and the questions asked about people.

One `Web` for each application, kept in `app.extensions`. Capabilities reach it by `web()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import peewee
from flask import Flask, current_app, g

from hub.identity.announced import HubIdentity
from hub.journal import Journal

if TYPE_CHECKING:
    from hub.web.live import Feed

EXTENSION: Final = "binlight"


@dataclass(frozen=True)
class WebSettings:
    """How the pages run. `is_https` makes cookies Secure; `secret_key` signs forms, and has to
    outlive a restart."""

    journal: Journal
    site: str
    company: str
    secret_key: bytes = field(repr=False)
    title: str = "Binlight"
    time_zone: str = "UTC"
    currency: str = "GBP"
    is_https: bool = False
    streams_max: int = 24
    log_ins_per_minute: int = 20
    enrolments_per_minute: int = 20
    identity: HubIdentity | None = None
    """How devices find this hub and know it again; None where they have passwords."""
    tell_broker: Callable[[], object] = lambda: None
    """Has the broker know at once who may connect; the guard would within moments."""
    data: Path = Path()
    """The hub's folder, for what watches over disk and processes."""


class Visitor(Protocol):
    """Whoever is logged in, as far as pages need to know."""

    @property
    def id(self) -> bytes: ...
    @property
    def name(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def must_change(self) -> bool: ...
    @property
    def allowed(self) -> frozenset[tuple[str, str]]: ...


class People(Protocol):
    """What the pages ask of the capability that knows people."""

    def of_session(self, secret: str) -> Visitor | None: ...

    def of_token(self, secret: str) -> Visitor | None: ...

    def require(self, visitor: Visitor, capability: str, action: str) -> None: ...

    def may(self, visitor: Visitor, capability: str, action: str) -> bool: ...

    def note_denial(self, person: bytes | None, what: str, address: str) -> None: ...


@dataclass(frozen=True)
class Web:
    settings: WebSettings
    people: People
    feed: Feed

    @property
    def journal(self) -> Journal:
        return self.settings.journal

    @property
    def database(self) -> peewee.Database:
        return self.settings.journal.database

    @property
    def site(self) -> str:
        return self.settings.site

    @property
    def company(self) -> str:
        return self.settings.company

    def now_us(self) -> int:
        return self.settings.journal.clock.now_us()


def web() -> Web:
    """The parts of the application that answers now."""
    return of_app(current_app)


def of_app(app: Flask) -> Web:
    found: Web = app.extensions[EXTENSION]
    return found


def visitor() -> Visitor | None:
    """Who asks, or None before log-in."""
    found: Visitor | None = g.get("visitor")
    return found


def somebody() -> Visitor:
    """Who asks, on pages that nobody reaches without log-in."""
    found = visitor()
    if found is None:
        raise LookupError("this page needs a log-in, but is marked as open")
    return found


def may(capability: str, action: str) -> bool:
    """Whether to show a way to do it; the act itself asks again."""
    found = visitor()
    return found is not None and web().people.may(found, capability, action)
