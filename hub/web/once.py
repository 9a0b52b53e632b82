"""Forms that a script sends again when no answer came: the key in them says that it is the same.

Owns the key's form and its name in the journal. A page without a script sends none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast

from flask import redirect, request
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.errors import AlreadyDone, BadValue
from hub.journal import JournalRow
from hub.web import acts
from hub.web.context import somebody, web

KEY: Final = re.compile("[0-9a-f]{32}")
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


def carry_out(command: Command[T], *, division: str | None = None) -> T:
    """As `acts.carry_out`, under the key of the form; raises AlreadyDone for a repeat."""
    return acts.carry_out(command, key=_key(), division=division)


def answers_once(show: Callable[[], str]) -> Callable[[View], View]:
    """A view that carries out `once.carry_out`: where its form comes a second time, nothing is done
    or looked at again, and the browser is sent on to the address that `show` gives.
    """

    def around(view: View) -> View:
        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            try:
                _refuse_repeat()
                return cast("ResponseReturnValue", view(*args, **kwargs))
            except AlreadyDone:
                return redirect(show(), 303)

        return cast("View", asked)

    return around


def _refuse_repeat() -> None:
    key = _key()
    asked = (JournalRow.site == web().site) & (JournalRow.key == key)
    if key is not None and JournalRow.select().where(asked).exists():
        raise AlreadyDone(key)


def _key() -> str | None:
    """Nobody's key is another person's."""
    said = request.form.get("key", "")
    if not said:
        return None
    if not KEY.fullmatch(said):
        raise BadValue("key", said[:32], "use 32 hexadecimal digits")
    return f"form/{somebody().id.hex()}/{said}"
