"""What each type of a device's event does, in one table: for the gateway, for a parked event that
is tried again, and for a replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.devices import events as devices
from hub.journal import Act
from hub.warehouse import help_calls, pick_events
from protocols.envelope import Event

EVENT_HANDLERS: Final[dict[str, Callable[[Act, Event, Any], None]]] = {
    **help_calls.HANDLERS,
    **devices.HANDLERS,
    **pick_events.HANDLERS,
}
