"""What systemd reads of us and is told by us, as text: words of a unit, messages of sd_notify(3).

Owns no socket and no clock: hub and device each send for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOTIFY_SOCKET: Final = "NOTIFY_SOCKET"
WATCHDOG_USEC: Final = "WATCHDOG_USEC"
STOPPING: Final = b"STOPPING=1"
ALIVE: Final = b"WATCHDOG=1"


def quoted(word: str) -> str:
    """A word as systemd reads it in a unit: `%` begins a specifier, `$` a variable."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"' if any(sign in word for sign in " \t\"'\\") else safe


def ready(status: str) -> bytes:
    """Everything answers; what waits for this service may start."""
    return f"READY=1\nSTATUS={status}".encode()


class Watchdog:
    """What systemd wants of a process that it started, by the environment that it gave it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        told = environment.get(NOTIFY_SOCKET, "")
        self.address = "\0" + told[1:] if told.startswith("@") else told
        """Of the socket that is listened on; empty when nobody wants to hear."""
        self._every_ms = int(environment.get(WATCHDOG_USEC, "0")) // 2_000
        self._alive_at_ms = 0

    def is_due(self, now_ms: int) -> bool:
        """Whether to say now that the main loop turns: half as often as systemd wants it."""
        if not self.address or not self._every_ms or now_ms < self._alive_at_ms:
            return False
        self._alive_at_ms = now_ms + self._every_ms
        return True
