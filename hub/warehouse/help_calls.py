"""Somebody calls the supervisor: the effect of HelpRequested. Owns that one handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.floor_exceptions import open_exception
from hub.ids import NIL
from hub.inventory.posting import place_id
from hub.journal import Act
from protocols.envelope import Event
from protocols.messages.events import HelpRequested


def help_requested(act: Act, event: Event, data: HelpRequested) -> None:
    """An exception that stands on the supervisor's page until somebody has been there."""
    open_exception(
        act, "HELP",
        place=place_id(act.site, "BIN", data.bin) if data.bin else None,
        assignment=bytes.fromhex(event.assignment) if event.assignment else None,
        person=act.actor if act.actor != NIL else None,
        text=data.text, line=data.line or "", bin=data.bin or "",
    )  # fmt: skip


HANDLERS: Final[dict[str, Callable[[Act, Event, Any], None]]] = {"HelpRequested": help_requested}
