"""Who holds which device: the effects of logging in and out. Owns HANDLERS of these events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.ids import NIL
from hub.journal import Act
from hub.outbox import send
from protocols.envelope import Event
from protocols.messages import EndLogin, PersonLoggedIn, PersonLoggedOut

Handler = Callable[[Act, Event, Any], None]


def person_logged_in(act: Act, event: Event, data: PersonLoggedIn) -> None:
    """The person works with this device now; another that they left behind shows its log-in."""
    if act.actor == NIL:
        return
    others = act.tx.rows(
        "SELECT name FROM device WHERE site = ? AND person = ? AND name <> ?",
        (act.site, act.actor, act.device),
    )
    for (name,) in others:
        send(act, name, EndLogin(person=act.actor.hex()))
        _set_person(act, name, None)
    _set_person(act, act.device, act.actor)


def person_logged_out(act: Act, event: Event, data: PersonLoggedOut) -> None:
    _set_person(act, act.device, None)


def _set_person(act: Act, device: str, person: bytes | None) -> None:
    act.tx.run(
        "UPDATE device SET person = ? WHERE site = ? AND name = ?", (person, act.site, device)
    )


HANDLERS: Final[dict[str, Handler]] = {
    "PersonLoggedIn": person_logged_in,
    "PersonLoggedOut": person_logged_out,
}
