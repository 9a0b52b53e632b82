"""What a bad link does to the MQTT packets of one direction: twice, or too late. Pure bytes.

Owns packet borders and nothing of sockets. Only PUBLISH suffers: to double a CONNECT would be no
fault of a network but a broken client. What is no MQTT (TLS, say) passes as it is.
"""

from __future__ import annotations

from random import Random
from typing import Final

from simulators.bench.mqtt_packets import PUBLISH, Packet, framed, packets

CONNECT: Final = 0x10
"""With its flags: a TLS handshake begins with 0x16."""
CONNACK: Final = 0x20


class Mischief:
    """One direction of one connection, from its first byte on."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._is_mqtt: bool | None = None
        self._rest = bytearray()
        self._late = b""
        self.doubled = self.swapped = 0

    def pass_on(self, came: bytes, *, twice: float = 0.0, swapped: float = 0.0) -> bytes:
        """What goes on now. `twice` and `swapped` are shares of PUBLISH packets, 0 to 1."""
        if self._is_mqtt is None and came:
            self._is_mqtt = came[0] in {CONNECT, CONNACK}
        if not self._is_mqtt:
            return came
        self._rest += came
        out = bytearray()
        for packet in packets(self._rest):
            out += self._one(packet, twice, swapped)
        return bytes(out)

    def release(self) -> bytes:
        """The packet that was held back, when nothing followed that it could follow."""
        late, self._late = self._late, b""
        return late

    def _one(self, packet: Packet, twice: float, swapped: float) -> bytes:
        whole = framed(packet.head, packet.body)
        if packet.kind != PUBLISH:
            return whole + self.release()
        if not self._late and self._chance.random() < swapped:
            self._late, self.swapped = whole, self.swapped + 1
            return b""
        if self._chance.random() < twice:
            self.doubled += 1
            whole += whole
        return whole + self.release()
