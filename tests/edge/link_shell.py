"""Turns one link as the agent's loop would, until something has come."""

from __future__ import annotations

import random
import select
import socket
from collections.abc import Callable
from typing import Final

from edge.clock import SystemClock
from edge.link.hub_access import HubAccess
from edge.link.hub_link import HubLink
from edge.link.io_values import LinkConnected, LinkInput, Publish

PATIENCE_S: Final = 120.0
"""Far beyond anything that works: it only bounds a hang."""
WILL: Final = Publish("bw/1/main/dev/h1/birth", b"gone", retain=True)


class LinkShell:
    """One link over real sockets."""

    def __init__(self, access: HubAccess, device: str = "h1") -> None:
        self.clock = SystemClock()
        self._read, self._write = socket.socketpair()
        self.link = HubLink(
            access, device, lambda: WILL, random.Random(3), lambda: self._write.sendall(b"w")
        )

    def until(self, wanted: Callable[[LinkInput], bool]) -> LinkInput:
        end_ms = self.clock.now().mono_ms + PATIENCE_S * 1_000
        while self.clock.now().mono_ms < end_ms:
            self.turn()
            while self.link.inbox:
                came = self.link.inbox.popleft()
                if wanted(came):
                    return came
        raise AssertionError("what was waited for did not come")

    def turn(self) -> None:
        sock = self.link.socket
        watched = [self._read, *([sock] if sock else [])]
        readable, writable, _ = select.select(
            watched, [sock] if sock and self.link.wants_write else [], [], 0.05
        )
        if self._read in readable:
            self._read.recv(64)
        now_ms = self.clock.now().mono_ms
        self.link.turn(now_ms, sock in readable, sock in writable)

    def connected(self) -> LinkConnected:
        came = self.until(lambda came: isinstance(came, LinkConnected))
        assert isinstance(came, LinkConnected)
        return came


def is_kind(kind: type) -> Callable[[LinkInput], bool]:
    return lambda came: isinstance(came, kind)
