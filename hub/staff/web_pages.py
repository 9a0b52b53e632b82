"""The blueprint of this capability's pages; the views are in the other `web_…` modules."""

from __future__ import annotations

from typing import Final, TypeVar

from flask import Blueprint, request

from hub.command import Command
from hub.ids import NIL
from hub.journal import Act
from hub.staff import denials, sessions
from hub.staff.sessions import Attempt
from hub.web import security
from hub.web.context import web

T = TypeVar("T")
pages: Final = Blueprint("staff", __name__, template_folder="templates")


def carry_out(command: Command[T], actor: bytes = NIL) -> T:
    """What everybody may do for themselves, some of it before they are logged in."""
    parts = web()
    return parts.journal.carry_out(command, site=parts.site, via="page", actor=actor)


def try_once(person: bytes | None) -> Attempt:
    """Take an attempt, before a password or a code is looked at."""

    def take(act: Act) -> Attempt:
        return sessions.take_attempt(act, person, address())

    return web().journal.beside(take, site=web().site)


def give_back_try(person: bytes) -> None:
    """The password or the code was right, of somebody who is logged in already."""
    web().journal.beside(lambda act: sessions.give_back(act, person), site=web().site)


def note_wrong(attempt: Attempt, what: str) -> None:
    """A password or a code was wrong, or none may be tried: one row at most, and who was shut out
    stands apart.
    """
    denials.note_beside(
        web().journal, web().site, attempt.person, denials.LOG_IN + what, address(),
        locked_s=attempt.shuts_s,
    )  # fmt: skip


def address() -> str:
    """Where the request came from."""
    return request.remote_addr or ""


def this_session() -> str | None:
    """The digest of this browser's secret, in hexadecimal digits."""
    secret = security.session_secret()
    return sessions.digest(secret).hex() if secret else None
