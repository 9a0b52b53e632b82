"""Devices without people: the real outbox and link core over plain sockets, many in one thread.

For benchmarks and crash tests that need what a device promises (durable, resent until the hub has
it) but no workflow. Owns sockets and reconnecting; what is sent and when is the link core's.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from edge.clock import SystemClock, TimeKeeper
from edge.config import DeviceConfig
from edge.link.core import LinkCore
from edge.link.io_values import LinkAction, MessageArrived, PubAck, Publish, Subscribe
from edge.storage.outbox import SqliteOutbox
from hub.config import BrokerAddress
from protocols.messages.commands import Command, CommandAck
from simulators.bench import mqtt_packets as mqtt
from simulators.errors import SimulatorsError

RECONNECT_AFTER_MS: Final = 100
TICK_S: Final = 0.02
READ_BYTES: Final = 65_536
PATIENCE_S: Final = 120.0
"""A lost command is repeated after up to COMMAND_RESEND_MAX_MS; parts start meanwhile."""


class TookTooLong(SimulatorsError):
    code = "TOOK_TOO_LONG"

    def __init__(self, what: str, deadline_s: float) -> None:
        self.what, self.deadline_s = what, deadline_s
        super().__init__(f"Not within {deadline_s:g} s: {what}.")


class LightDevice:
    """One device. `append` is its beep: from then on the event must reach the hub."""

    def __init__(
        self, site: str, name: str, password: str, address: BrokerAddress, folder: Path,
        chance: Random,
    ) -> None:  # fmt: skip
        self.name, self._password, self._address = name, password, address
        self._config = DeviceConfig(site=site, device=name)
        self._path, self._chance, self._clock = folder / f"{name}.db", chance, SystemClock()
        self.commands: list[str] = []
        """Ids of the commands that it heard, repeats included."""
        self.boot()

    def boot(self) -> None:
        """Begin with what the memory card holds."""
        self.outbox = SqliteOutbox(self._path, self._chance)
        self.link = LinkCore(self._config, self.outbox, TimeKeeper(), self._chance)
        self.socket: socket.socket | None = None
        self.is_accepted = False
        self._retry_at_ms = 0

    def move_to(self, address: BrokerAddress) -> None:
        """Reach the broker by another way from the next connection on."""
        self._address = address
        self.cut()

    def pull_the_plug(self) -> None:
        """End without a word, and begin again from the card."""
        self.cut()
        self.outbox.close()
        self.boot()

    def append(self, make: Callable[[str, int], bytes]) -> tuple[str, int]:
        """Record one event durably; `make` gets epoch and seq. Returns its key."""
        key = (self.outbox.epoch, self.outbox.last_seq + 1)
        self.outbox.append([make(*key)], {}, self._clock.now().utc_us)
        if self.is_accepted:
            self._do(self.link.pump(self._clock.now()))
        return key

    @property
    def is_at_the_broker(self) -> bool:
        """Whether the broker has taken everything that was sent to it."""
        return self.is_accepted and not self._tokens

    # ── the connection ───────────────────────────────────────────────────────────────────

    def connect(self) -> bool:
        """Try to reach the broker; False when it is too early or nobody answers."""
        now = self._clock.now()
        if now.mono_ms < self._retry_at_ms:
            return False
        self._retry_at_ms = now.mono_ms + RECONNECT_AFTER_MS
        try:
            made = socket.create_connection((self._address.host, self._address.port), 1)
        except OSError:
            return False
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        self.socket, self.is_accepted = made, False
        self._came, self._to_send = bytearray(), bytearray()
        self._packet_ids = 0
        self._tokens: dict[int, int] = {}
        will = self.link.will(now)
        self._to_send += mqtt.connect(
            self.name, self._password, session_expiry_s=3_600, is_clean=False,
            will=mqtt.Will(will.topic, will.payload),
        )  # fmt: skip
        self._flush()
        return True

    def cut(self) -> None:
        """The connection ended."""
        if self.socket is not None:
            self.socket.close()
            self.link.lost()
        self.socket, self.is_accepted = None, False

    def readable(self) -> None:
        """Take in what came."""
        assert self.socket is not None  # noqa: S101 - only connected devices are registered
        try:
            came = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            came = b""
        if not came:
            self.cut()
            return
        self._came += came
        for packet in mqtt.packets(self._came):
            self._take(packet)

    def tick(self) -> None:
        if self.is_accepted:
            self._do(self.link.tick(self._clock.now()))
        self._flush()

    def _take(self, packet: mqtt.Packet) -> None:
        now = self._clock.now()
        if packet.kind == mqtt.CONNACK:
            if packet.body[1]:
                self.cut()
                return
            self.is_accepted = True
            self._do(self.link.connected(now))
        elif packet.kind == mqtt.PUBACK:
            token = self._tokens.pop(int.from_bytes(packet.body[:2], "big"), None)
            reason = packet.body[2] if len(packet.body) > 2 else 0
            if token is not None:
                self.link.puback(PubAck(token, reason), now)
        elif packet.kind == mqtt.PUBLISH:
            self._hear(mqtt.publication(packet))

    def _hear(self, heard: mqtt.Publication) -> None:
        if heard.packet_id:
            self._to_send += mqtt.puback(heard.packet_id)
        actions, work = self.link.arrived(
            MessageArrived(heard.topic, heard.payload), self._clock.now()
        )
        self._do(actions)
        if isinstance(work, Command):
            self.commands.append(work.id)
            self._do([self.link.answer_command(CommandAck(v=1, id=work.id, accepted=True))])

    def _do(self, actions: list[LinkAction]) -> None:
        for action in actions:
            self._packet_ids = self._packet_ids % 65_000 + 1
            if isinstance(action, Publish):
                self._publish(action)
            elif isinstance(action, Subscribe):
                self._to_send += mqtt.subscribe(self._packet_ids, action.filters)
        self._flush()

    def _publish(self, action: Publish) -> None:
        packet_id = self._packet_ids if action.qos else 0
        if action.token is not None:
            self._tokens[packet_id] = action.token
        self._to_send += mqtt.publish(
            mqtt.text(action.topic), action.payload, packet_id, is_retained=action.retain
        )

    def _flush(self) -> None:
        if self.socket is None or not self._to_send:
            return
        try:
            sent = self.socket.send(self._to_send)
        except BlockingIOError:
            return
        except OSError:
            self.cut()
            return
        del self._to_send[:sent]


class Fleet:
    """All light devices of a site, moved by one loop."""

    def __init__(self, devices: list[LightDevice]) -> None:
        self.devices = devices
        self._clock = SystemClock()

    @property
    def waiting(self) -> int:
        """Events that the hub has not acknowledged yet."""
        return sum(device.outbox.depth for device in self.devices)

    def run_until(
        self, what: str, is_reached: Callable[[], bool], deadline_s: float = PATIENCE_S
    ) -> None:
        """Let everything go on until something is so; raises TookTooLong."""
        until_ms = self._clock.now().mono_ms + deadline_s * 1_000
        while not is_reached():
            self.step()
            if self._clock.now().mono_ms > until_ms:
                raise TookTooLong(what, deadline_s)

    def step(self) -> None:
        """Move bytes once, waiting at most a moment."""
        with selectors.DefaultSelector() as selector:
            for device in self.devices:
                if device.socket is not None or device.connect():
                    assert device.socket is not None  # noqa: S101
                    selector.register(device.socket, selectors.EVENT_READ, device)
            for key, _ in selector.select(TICK_S):
                key.data.readable()
        for device in self.devices:
            device.tick()

    def close(self) -> None:
        for device in self.devices:
            with contextlib.suppress(OSError):
                device.cut()
            device.outbox.close()
