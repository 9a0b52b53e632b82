"""A plain MQTT client for tests: says, hears, and is refused, on a blocking socket."""

from __future__ import annotations

import socket

from hub.config import BrokerAddress
from simulators.bench import mqtt_packets as mqtt

DEADLINE_S = 120.0
"""Far beyond anything that works: it only bounds a hang."""


class Speaker:
    """One connection. Every step waits for the broker's answer, at most DEADLINE_S."""

    def __init__(
        self, address: BrokerAddress, name: str, password: str, client_id: str | None = None
    ) -> None:
        self._came = bytearray()
        self._heard: list[tuple[str, bytes]] = []
        self._ids = 0
        self._socket = socket.create_connection((address.host, address.port), DEADLINE_S)
        packet = mqtt.connect(name, password)
        if client_id is not None:
            packet = packet.replace(mqtt.text(name), mqtt.text(client_id), 1)
        self._socket.sendall(packet)
        if self._await(mqtt.CONNACK)[1]:
            self._socket.close()
            raise ConnectionRefusedError(name)

    def subscribe(self, *filters: str) -> None:
        self._ids += 1
        self._socket.sendall(mqtt.subscribe(self._ids, filters))
        self._await(mqtt.SUBACK)

    def publish(self, topic: str, payload: bytes, *, is_retained: bool = False) -> int:
        """Returns the broker's reason code."""
        self._ids += 1
        packet = mqtt.publish(mqtt.text(topic), payload, self._ids, is_retained=is_retained)
        self._socket.sendall(packet)
        answer = self._await(mqtt.PUBACK)
        return answer[2] if len(answer) > 2 else 0

    def next(self) -> tuple[str, bytes]:
        """The next message; raises TimeoutError when none comes."""
        while not self._heard:
            self._read()
        return self._heard.pop(0)

    def next_on(self, topic: str) -> bytes:
        """The next message of one topic; others are passed over."""
        while True:
            found, payload = self.next()
            if found == topic:
                return payload

    def close(self) -> None:
        self._socket.close()

    def _await(self, kind: int) -> bytes:
        while True:
            for packet in self._read():
                if packet.kind == kind:
                    return packet.body

    def _read(self) -> list[mqtt.Packet]:
        came = self._socket.recv(65_536)
        if not came:
            raise ConnectionRefusedError("the broker hung up")
        self._came += came
        found = list(mqtt.packets(self._came))
        for packet in found:
            if packet.kind == mqtt.PUBLISH:
                heard = mqtt.publication(packet)
                self._heard.append((heard.topic, heard.payload))
                if heard.packet_id:
                    self._socket.sendall(mqtt.puback(heard.packet_id))
        return found
