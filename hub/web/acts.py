"""The one way from a page or the API to a service: permission asked, act journalled.

A command says which permission it needs, and in which division: `orders.cancel` asks for
(orders, cancel) where its order is.
"""

from __future__ import annotations

from typing import TypeVar

from flask import g

from hub.command import Command
from hub.journal import Via
from hub.web.context import somebody, web

T = TypeVar("T")


def carry_out(
    command: Command[T], *, key: str | None = None, needs: tuple[str, str] | None = None
) -> T:
    """Carry out a command for whoever is logged in; returns what it returns.

    Raises Denied, AlreadyDone for a repeated `key`, and what the service refuses. `needs` names
    another permission than the command's own.
    """
    who, parts = somebody(), web()
    parts.people.require(who, *(needs or command.NEEDS), command.asked_in())
    command.refuse_to(who.id)
    via: Via = "api" if g.get("is_api") else "page"
    return parts.journal.carry_out(command, site=parts.site, via=via, actor=who.id, key=key)
