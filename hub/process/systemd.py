"""Telling systemd how the hub is (sd_notify(3)). Without systemd every call does nothing."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

NOTIFY_SOCKET: Final = "NOTIFY_SOCKET"
WATCHDOG_USEC: Final = "WATCHDOG_USEC"


class ServiceManager:
    """Whoever started this process, if it wants to be told."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        told = dict(os.environ) if environment is None else environment
        self._address = told.get(NOTIFY_SOCKET, "")
        self._every_ms = int(told.get(WATCHDOG_USEC, "0")) // 2_000
        self._alive_at_ms = 0

    def ready(self, status: str) -> None:
        """Everything answers; what waits for this service may start."""
        self._tell(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self, now_ms: int) -> None:
        """To be called from the main loop: half as often as the watchdog wants it is told."""
        if self._every_ms and now_ms >= self._alive_at_ms:
            self._alive_at_ms = now_ms + self._every_ms
            self._tell("WATCHDOG=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        path = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(message.encode(), path)
