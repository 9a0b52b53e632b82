"""The blueprint of this capability's pages; the views are in the other `web_…` modules."""

from __future__ import annotations

from typing import Final, TypeVar

from flask import Blueprint, request

from hub.command import Command
from hub.ids import NIL
from hub.staff import sessions
from hub.web import security
from hub.web.context import web

T = TypeVar("T")
pages: Final = Blueprint("staff", __name__, template_folder="templates")


def carry_out(command: Command[T], actor: bytes = NIL) -> T:
    """What everybody may do for themselves, some of it before they are logged in."""
    parts = web()
    return parts.journal.carry_out(command, site=parts.site, via="page", actor=actor)


def address() -> str:
    """Where the request came from."""
    return request.remote_addr or ""


def this_session() -> str | None:
    """The digest of this browser's secret, in hexadecimal digits."""
    secret = security.session_secret()
    return sessions.digest(secret).hex() if secret else None
