"""Devices that lose their broker and come back: the real link, over real sockets, many in one loop.

For measuring how a whole floor reconnects. Owns the loop and the notes of who tried when; when a
device tries again is `edge/link/reconnect.py`'s, what it then says is `edge/link/core.py`'s.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from paho.mqtt.client import Client

from edge.clock import SystemClock, TimeKeeper
from edge.config import DeviceConfig
from edge.link.core import LinkCore
from edge.link.hub_access import HubAccess
from edge.link.hub_finder import Candidate
from edge.link.hub_link import HubLink
from edge.link.io_values import LinkConnected, LinkLost, MessageArrived, PubAck
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from protocols.enrolment import Address
from simulators.bench.light_devices import TookTooLong

TURN_MS: Final = 20


class NotedAccess:
    """Somebody's way to the broker, and when it was used."""

    def __init__(self, access: HubAccess, tried_at_ms: list[int]) -> None:
        self._access, self._tried_at_ms, self._clock = access, tried_at_ms, SystemClock()

    def addresses(self, failures: int) -> Iterator[Candidate]:
        """Each address that is tried counts: a storm is one of tries, not of successes."""
        for candidate in self._access.addresses(failures):
            self._tried_at_ms.append(self._clock.now().mono_ms)
            yield candidate

    def prepare(self, client: Client) -> None:
        self._access.prepare(client)

    @property
    def certificate(self) -> str:
        return self._access.certificate

    def worked(self, address: Address) -> None:
        self._access.worked(address)

    def refused(self) -> bool:
        return self._access.refused()


class ReturningDevice:
    """One device, its outbox in memory."""

    def __init__(
        self, site: str, name: str, access: HubAccess, chance: Random, wake: Callable[[], None]
    ) -> None:
        self.name, self._clock = name, SystemClock()
        config = DeviceConfig(site=site, device=name)
        self.core = LinkCore(config, SqliteOutbox(IN_MEMORY, chance), TimeKeeper(), chance)
        self.link = HubLink(access, name, lambda: self.core.will(self._clock.now()), chance, wake)
        self.is_frozen = False
        """It neither hears nor says anything, and its connection stays: a dead radio."""
        self.connected_at_ms: list[int] = []

    def turn(self, events: int) -> None:
        """Do what is due."""
        if self.is_frozen:
            return
        now = self._clock.now()
        self.link.turn(now.mono_ms, bool(events & ~select.POLLOUT), bool(events & select.POLLOUT))
        while self.link.inbox:
            self._take(self.link.inbox.popleft())
        wakeup_ms = self.core.next_wakeup_ms
        if wakeup_ms is not None and now.mono_ms >= wakeup_ms:
            for action in self.core.tick(now):
                self.link.carry_out(action)

    def _take(self, came: object) -> None:
        now = self._clock.now()
        match came:
            case LinkConnected(certificate=certificate):
                self.connected_at_ms.append(now.mono_ms)
                actions = self.core.connected(now, certificate)
            case LinkLost():
                self.core.lost()
                return
            case MessageArrived():
                actions = self.core.arrived(came, now)[0]
            case PubAck():
                self.core.puback(came, now)
                return
            case _:
                return
        for action in actions:
            self.link.carry_out(action)

    def leave(self) -> None:
        """Switched off by a person."""
        self.link.carry_out(self.core.leave(self._clock.now()))
        self.link.close()
        self.is_frozen = True

    def die(self) -> None:
        """As a killed process does: the kernel closes its socket, and nobody says goodbye."""
        sock = self.link.socket
        self.is_frozen = True
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)


class ReturningFleet:
    """All of them, moved by one loop."""

    def __init__(
        self, site: str, accesses: Sequence[tuple[str, HubAccess]], chance: Random
    ) -> None:
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.clock = SystemClock()
        self.tried_at_ms: list[int] = []
        self.devices = [
            ReturningDevice(
                site, name, NotedAccess(access, self.tried_at_ms),
                Random(chance.getrandbits(64)), self._wake,
            )
            for name, access in accesses
        ]  # fmt: skip

    def run_until(self, what: str, is_reached: Callable[[], bool], deadline_s: float) -> float:
        """Let everything go on until something is so; returns how many seconds that took.

        Raises TookTooLong.
        """
        began_ms = self.clock.now().mono_ms
        while not is_reached():
            self.step()
            if self.clock.now().mono_ms > began_ms + deadline_s * 1_000:
                raise TookTooLong(what, deadline_s)
        return (self.clock.now().mono_ms - began_ms) / 1_000

    def run_for(self, seconds: float) -> None:
        """Let everything go on for so long."""
        until_ms = self.clock.now().mono_ms + seconds * 1_000
        while self.clock.now().mono_ms < until_ms:
            self.step()

    def step(self) -> None:
        """Move bytes once, waiting at most a moment."""
        ready = self._wait()
        for device in self.devices:
            sock = device.link.socket
            device.turn(ready.get(sock.fileno(), 0) if sock is not None else 0)

    def _wait(self) -> dict[int, int]:
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        for device in self.devices:
            sock = device.link.socket
            if sock is not None and not device.is_frozen:
                wants = select.POLLOUT if device.link.wants_write else 0
                poll.register(sock, select.POLLIN | wants)
        ready = dict(poll.poll(TURN_MS))
        if self._wake_read in ready:
            os.read(self._wake_read, 4_096)
        return ready

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"w")
        except BlockingIOError:
            return  # it is awake already

    def close(self) -> None:
        for device in self.devices:
            device.link.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
