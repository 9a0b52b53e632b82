"""Telling systemd how the device is. Without systemd every call does nothing.

Owns the device's socket; what is said stands in `protocols.systemd`. The hub has a class like this
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
        """The loop turns, whether or not there is a hub: a device works without one."""
        self._tell(ready(status))

    def stopping(self) -> None:
        self._tell(STOPPING)

    def alive(self, now_ms: int) -> None:
        """Called with each turn of the loop. A loop that hangs says nothing, and systemd starts the
        device again; what was beeped is on its disk.
        """
        if self._watchdog.is_due(now_ms):
            self._tell(ALIVE)

    def _tell(self, message: bytes) -> None:
        if self._watchdog.address:
            with (
                contextlib.suppress(OSError),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to,
            ):
                to.sendto(message, self._watchdog.address)
