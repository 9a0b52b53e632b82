"""What a page has at hand: settings, journal, live feed, and the questions asked about people.

One `Web` for each application, kept in `app.extensions`. Capabilities reach it by `web()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
EVERY: Final = "*"
"""Instead of a division: every one of them."""


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
    def stands_before(self) -> str:
        """What is asked before any page: `code`, `password`, `factor`, or nothing."""

    @property
    def may_wait_until(self) -> int:
        """So long they can put a second factor off; 0: none is missing."""

    @property
    def allowed(self) -> Mapping[str, frozenset[tuple[str, str]]]:
        """(capability, action) pairs by division; EVERY has those for all of them."""


class Reach(Protocol):
    """In which divisions somebody may do something; false for none at all."""

    @property
    def is_everywhere(self) -> bool: ...
    @property
    def divisions(self) -> frozenset[str]: ...

    def __contains__(self, division: object) -> bool: ...

    def __bool__(self) -> bool: ...


class People(Protocol):
    """What the pages ask of the capability that knows people."""

    def of_session(self, secret: str) -> Visitor | None:
        """Whose session it is, which lasts on by being used."""

    def look_up(self, secret: str) -> Visitor | None:
        """The same without using it."""

    def of_token(self, secret: str) -> Visitor | None: ...

    def require(
        self, visitor: Visitor, capability: str, action: str, division: str = EVERY
    ) -> None: ...

    def require_somewhere(self, visitor: Visitor, capability: str, action: str) -> None: ...

    def reach(self, visitor: Visitor, capability: str, action: str) -> Reach: ...

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


def may(capability: str, action: str, division: str = EVERY) -> bool:
    """Whether to show a way to do it; the act itself asks again."""
    return division in reach(capability, action) if visitor() else False


def may_somewhere(capability: str, action: str) -> bool:
    """Whether they may do it in some division at least."""
    return bool(reach(capability, action)) if visitor() else False


def reach(capability: str, action: str) -> Reach:
    """In which divisions whoever is logged in may do something."""
    return web().people.reach(somebody(), capability, action)


def divisions(capability: str, action: str) -> frozenset[str] | None:
    """The only divisions of which they may see something; None for all of them."""
    found = reach(capability, action)
    return None if found.is_everywhere else found.divisions
