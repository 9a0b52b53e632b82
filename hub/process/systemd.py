"""Telling systemd how the hub is. Without systemd every call does nothing.

Owns the hub's socket; what is said stands in `protocols.systemd`. A device has a class like this
one: neither may know the other, and `protocols` may hold no socket.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

from protocols.systemd import ALIVE, STOPPING, Watchdog, ready


class ServiceManager:
    """Whoever started this process, if it wants to be told."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._watchdog = Watchdog(os.environ if environment is None else environment)

    def ready(self, status: str) -> None:
        """Everything answers; what waits for this service may start."""
        self._tell(ready(status))

    def stopping(self) -> None:
        self._tell(STOPPING)

    def alive(self, now_ms: int) -> None:
        """To be called from the main loop: half as often as the watchdog wants it is told."""
        if self._watchdog.is_due(now_ms):
            self._tell(ALIVE)

    def _tell(self, message: bytes) -> None:
        if self._watchdog.address:
            with (
                contextlib.suppress(OSError),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to,
            ):
                to.sendto(message, self._watchdog.address)
