"""Who holds which device, and what threatens it: effects of such events. Owns their HANDLERS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.ids import NIL
from hub.journal import Act
from hub.outbox import send
from hub.security_events import Sight, note
from protocols.envelope import Event
from protocols.messages.commands import EndLogin
from protocols.messages.events import PersonLoggedIn, PersonLoggedOut, PinLockedOut, UntrustedHubMet

Handler = Callable[[Act, Event, Any], None]


def person_logged_in(act: Act, event: Event, data: PersonLoggedIn) -> None:
    """The person works with this device now; another that they left behind shows its log-in.

    Old news, from a device that was out of reach, move nobody: then this one is left behind.
    """
    if act.actor == NIL:
        return
    act.tx.flush()
    others = act.tx.rows(
        "SELECT name FROM device WHERE site = ? AND person = ? AND name <> ?",
        (act.site, act.actor, act.device),
    )
    if any(_came_later(act, str(name)) for (name,) in others):
        send(act, act.device, EndLogin(person=act.actor.hex()))
        return
    for (name,) in others:
        send(act, name, EndLogin(person=act.actor.hex()))
        _set_person(act, name, None)
    _set_person(act, act.device, act.actor)


def _came_later(act: Act, device: str) -> bool:
    """Whether the last log-in at another device is newer than what this event tells."""
    row = act.tx.row(
        "SELECT MAX(at) FROM device_event WHERE site = ? AND device = ? "
        "AND type = 'PersonLoggedIn'",
        (act.site, device),
    )
    return row is not None and row[0] is not None and int(row[0]) > act.occurred_at


def is_with(act: Act, device: str, person: bytes) -> bool:
    """Whether the person works with this device, as far as the hub knows."""
    row = act.tx.row("SELECT person FROM device WHERE site = ? AND name = ?", (act.site, device))
    return row is not None and row[0] is not None and bytes(row[0]) == person


def person_logged_out(act: Act, event: Event, data: PersonLoggedOut) -> None:
    _set_person(act, act.device, None)


def _set_person(act: Act, device: str, person: bytes | None) -> None:
    act.tx.run(
        "UPDATE device SET person = ? WHERE site = ? AND name = ?", (person, act.site, device)
    )


def pin_locked_out(act: Act, event: Event, data: PinLockedOut) -> None:
    """Somebody guesses at a PIN; a second lock in a row is news for a supervisor."""
    values = {"person": data.person, "wrong": str(data.wrong), "lock_s": str(data.lock_s)}
    seen = Sight("PIN_LOCKED_OUT", act.occurred_at, act.device, alerts=data.locks > 1,
                 values=values)  # fmt: skip
    note(act, seen)


def untrusted_hub_met(act: Act, event: Event, data: UntrustedHubMet) -> None:
    """Somebody plays the hub on this network; the device did not fall for it."""
    values = {"fingerprint": data.fingerprint, "announced": "yes" if data.announced else "no"}
    note(
        act,
        Sight("UNTRUSTED_HUB", act.occurred_at, act.device, data.address[:64], alerts=True,
              values=values),
    )  # fmt: skip


HANDLERS: Final[dict[str, Handler]] = {
    "PersonLoggedIn": person_logged_in,
    "PersonLoggedOut": person_logged_out,
    "PinLockedOut": pin_locked_out,
    "UntrustedHubMet": untrusted_hub_met,
}
