"""Many devices in one process that send prepared events as fast as they are acknowledged.

Measuring equipment: no outbox, no workflow, one socket and a window for each device, one thread.
What is measured is the time from an event's first byte out to the hub's acknowledgement in.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from hub.config import BrokerAddress
from protocols.limits import DEVICE_WINDOW
from protocols.topics import device_topic
from simulators.bench import mqtt_packets as mqtt
from simulators.errors import SimulatorsError

STALLED_AFTER_S: Final = 30.0
READ_BYTES: Final = 65_536


class AckSeen(msgspec.Struct):
    """The part of an acknowledgement that is measured."""

    epoch: str
    upto: int


class LoadStalled(SimulatorsError):
    code = "LOAD_STALLED"

    def __init__(self, acknowledged: int, wanted: int) -> None:
        self.acknowledged, self.wanted = acknowledged, wanted
        super().__init__(f"Only {acknowledged} of {wanted} events were acknowledged.")


class Load(NamedTuple):
    """What one run gave."""

    events: int
    seconds: float
    latencies_us: list[int]
    """From event out to acknowledgement in, sorted."""
    gateway_cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    def percentile_us(self, percent: float) -> int:
        return self.latencies_us[min(len(self.latencies_us) - 1,
                                     int(len(self.latencies_us) * percent / 100))]  # fmt: skip


_read_ack: Final = msgspec.json.Decoder(AckSeen).decode


class LoadDevice:
    """One connection, its window, and what it still has to send."""

    def __init__(self, site: str, name: str, password: str, address: BrokerAddress) -> None:
        self.name = name
        self._topic = mqtt.text(device_topic(site, name, "evt"))
        self._ack_topic = device_topic(site, name, "ack")
        self._came = bytearray()
        self.socket = socket.create_connection((address.host, address.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(mqtt.connect(name, password, keepalive_s=0))
        self._await(mqtt.CONNACK)
        self.socket.sendall(mqtt.subscribe(1, (self._ack_topic,)))
        self._await(mqtt.SUBACK)
        self.socket.setblocking(False)

    def _await(self, kind: int) -> None:
        while True:
            self._came += self.socket.recv(READ_BYTES)
            for packet in mqtt.packets(self._came):
                if packet.kind == kind:
                    return

    def load(self, epoch: str, payloads: Sequence[bytes], window: int) -> None:
        """Take the events of one run; their seqs begin at 1."""
        self._epoch, self._window = epoch, window
        self._waiting = deque(
            mqtt.publish(self._topic, payload, 1 + n % 65_000) for n, payload in enumerate(payloads)
        )
        self._sent_at: deque[int] = deque()
        self._acked = 0
        self._unsent = b""

    def pump(self) -> None:
        """Send what the window allows."""
        room = self._window - len(self._sent_at)
        out = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        now = time.perf_counter_ns()
        self._sent_at.extend([now] * len(out))
        self._send(b"".join(out))

    def _send(self, data: bytes) -> None:
        data = self._unsent + data
        if not data:
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        self._unsent = data[sent:]

    def readable(self, latencies_us: list[int]) -> int:
        """Take in what came; returns how many events it acknowledged."""
        self._came += self.socket.recv(READ_BYTES)
        news, answers = 0, bytearray()
        for packet in mqtt.packets(self._came):
            if packet.kind == mqtt.PUBLISH:
                heard = mqtt.publication(packet)
                answers += mqtt.puback(heard.packet_id) if heard.packet_id else b""
                news += self._acknowledged(_read_ack(heard.payload), latencies_us)
        if answers:
            self._send(bytes(answers))
        if news or self._unsent:
            self.pump()
        return news

    def _acknowledged(self, ack: AckSeen, latencies_us: list[int]) -> int:
        news = ack.upto - self._acked if ack.epoch == self._epoch else 0
        if news <= 0:
            return 0
        now = time.perf_counter_ns()
        latencies_us.extend((now - self._sent_at.popleft()) // 1_000 for _ in range(news))
        self._acked = ack.upto
        return news

    def close(self) -> None:
        self.socket.close()


class LoadClient:
    """All devices of a measurement, in one thread."""

    def __init__(self, site: str, passwords: Mapping[str, str], address: BrokerAddress) -> None:
        self.devices = [LoadDevice(site, *who, address) for who in passwords.items()]
        self._selector = selectors.DefaultSelector()
        for device in self.devices:
            self._selector.register(device.socket, selectors.EVENT_READ, device)

    def run(
        self, epoch: str, payloads: Mapping[str, Sequence[bytes]], window: int = DEVICE_WINDOW
    ) -> Load:
        """Send everything and wait until all of it is acknowledged; raises LoadStalled."""
        active = [device for device in self.devices if device.name in payloads]
        for device in active:
            device.load(epoch, payloads[device.name], window)
        wanted, latencies_us = sum(map(len, payloads.values())), list[int]()
        began = time.perf_counter()
        for device in active:
            device.pump()
        acknowledged = 0
        while acknowledged < wanted:
            ready = self._selector.select(STALLED_AFTER_S)
            if not ready:
                raise LoadStalled(acknowledged, wanted)
            acknowledged += sum(key.data.readable(latencies_us) for key, _ in ready)
        return Load(wanted, time.perf_counter() - began, sorted(latencies_us))

    def close(self) -> None:
        for device in self.devices:
            device.close()
        self._selector.close()
