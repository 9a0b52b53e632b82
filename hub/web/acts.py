"""The one way from a page or the API to a service: permission asked, act journalled.

A command says which permission it needs, and in which division: `orders.cancel` asks for
(orders, cancel) where its order is.
"""

from __future__ import annotations

from typing import TypeVar

from flask import flash, g, redirect
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.journal import Via
from hub.web.context import somebody, web
from hub.web.text import _

T = TypeVar("T")


def carry_out(
    command: Command[T], *, key: str | None = None, needs: tuple[str, str] | None = None,
    division: str | None = None,
) -> T:  # fmt: skip
    """Carry out a command for whoever is logged in; returns what it returns.

    Raises Denied, AlreadyDone for a repeated `key`, and what the service refuses. `needs` names
    another permission than the command's own, `division` another place to have it in.
    """
    who, parts = somebody(), web()
    asked = command.asked_in() if division is None else division
    parts.people.require(who, *(needs or command.NEEDS), asked)
    command.refuse_to(who.id)
    via: Via = "api" if g.get("is_api") else "page"
    return parts.journal.carry_out(command, site=parts.site, via=via, actor=who.id, key=key)


def done(to: str, said: str = "") -> ResponseReturnValue:
    """Say so on the page where it can be seen ("Saved." where nothing is said).

    The browser asks for that page anew, so that a reload repeats no act.
    """
    flash(said or _("Saved."), "done")
    return redirect(to, 303)
