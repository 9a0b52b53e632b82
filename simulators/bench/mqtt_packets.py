"""MQTT 5 packets as bytes, as far as measuring needs them. Owns no socket.

Part of the measuring equipment: on a machine with two cores the load client must cost little, and
paho's costs as much as the gateway that is measured. OASIS MQTT 5.0, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
SUBACK: Final = 0x90
PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
CLEAN_START: Final = 0x02
SESSION_EXPIRY: Final = 0x11


class Packet(NamedTuple):
    """One packet: its first byte and what follows the length."""

    head: int
    body: bytes

    @property
    def kind(self) -> int:
        return self.head & 0xF0


class Publication(NamedTuple):
    topic: str
    payload: bytes
    packet_id: int
    """0 for QoS 0."""


class Will(NamedTuple):
    topic: str
    payload: bytes


def length(number: int) -> bytes:
    """A variable byte integer."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def framed(head: int, body: bytes) -> bytes:
    return bytes((head,)) + length(len(body)) + body


def connect(
    user: str, password: str, *, keepalive_s: int = 60, session_expiry_s: int = 0,
    is_clean: bool = True, will: Will | None = None,
) -> bytes:  # fmt: skip
    """CONNECT with a name and a password; the client id is the name."""
    flags = 0xC0 | (CLEAN_START if is_clean else 0) | (0x2C if will else 0)
    wanted = b""
    if session_expiry_s:
        wanted = bytes((SESSION_EXPIRY,)) + session_expiry_s.to_bytes(4, "big")
    body = text("MQTT") + b"\x05" + bytes((flags,)) + keepalive_s.to_bytes(2, "big")
    body += length(len(wanted)) + wanted + text(user)
    if will is not None:
        body += b"\0" + text(will.topic) + len(will.payload).to_bytes(2, "big") + will.payload
    return framed(0x10, body + text(user) + text(password))


def subscribe(packet_id: int, filters: tuple[str, ...]) -> bytes:
    wanted = b"".join(text(name) + b"\x01" for name in filters)
    return framed(0x82, packet_id.to_bytes(2, "big") + b"\0" + wanted)


def publish(
    topic: bytes, payload: bytes, packet_id: int = 0, *, is_retained: bool = False
) -> bytes:
    """PUBLISH; QoS 1 when it has a packet id. `topic` is what `text` made of its name."""
    head = PUBLISH | (0x02 if packet_id else 0) | (0x01 if is_retained else 0)
    middle = packet_id.to_bytes(2, "big") if packet_id else b""
    return framed(head, topic + middle + b"\0" + payload)


def puback(packet_id: int) -> bytes:
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def packets(buffer: bytearray) -> Iterator[Packet]:
    """Take whole packets off the front of what was read; a beginning stays."""
    at = 0
    while True:
        found = _length_at(buffer, at + 1)
        if found is None or len(buffer) < found[0] + found[1]:
            break
        start, size = found
        yield Packet(buffer[at], bytes(buffer[start : start + size]))
        at = start + size
    del buffer[:at]


def _length_at(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """(where the body begins, its size), or None when that is not known yet."""
    size, shift = 0, 0
    while at < len(buffer):
        size |= (buffer[at] & 0x7F) << shift
        if not buffer[at] & 0x80:
            return at + 1, size
        at, shift = at + 1, shift + 7
    return None


def publication(packet: Packet) -> Publication:
    """Read a PUBLISH; its properties are skipped."""
    body = packet.body
    end = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:end].decode()
    packet_id = 0
    if packet.head & 0x06:
        packet_id = int.from_bytes(body[end : end + 2], "big")
        end += 2
    found = _length_at(bytearray(body[end : end + 4]), 0)
    start, size = found if found is not None else (1, 0)
    return Publication(topic, body[end + start + size :], packet_id)
