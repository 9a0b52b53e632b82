"""Publications of the broker: bytes → messages, for the one packet that comes by the thousand.

Owns the shape of an MQTT 5 PUBLISH without properties (OASIS MQTT 5.0, §3.3). Whatever else comes,
or comes in pieces, or is malformed, is none of its business and left to paho.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.device_gateway.gateway_io import Arrived

_PUBLISH: Final = 0x30
_QOS: Final = 0x06
_AT_MOST_ONCE: Final = 0x00
_AT_LEAST_ONCE: Final = 0x02


class Publication(NamedTuple):
    message: Arrived
    end: int
    """Where the next packet begins."""


def publication_at(data: bytes, at: int) -> Publication | None:
    """The whole plain publication that begins there, or None."""
    if len(data) - at < 2 or data[at] & 0xF0 != _PUBLISH:
        return None
    body, end = _body(data, at + 1)
    topic = body + 2
    after = topic + int.from_bytes(data[body:topic], "big")
    qos = data[at] & _QOS
    payload = after + (3 if qos else 1)
    if qos not in (_AT_MOST_ONCE, _AT_LEAST_ONCE) or not payload <= end <= len(data):
        return None
    token = int.from_bytes(data[after : after + 2], "big") if qos else 0
    if data[payload - 1] or (qos and not token):  # it has properties, or no packet's number
        return None
    try:
        name = data[topic:after].decode()
    except UnicodeDecodeError:
        return None
    return Publication(Arrived(name, data[payload:end], token), end)


def _body(data: bytes, at: int) -> tuple[int, int]:
    """Where the packet whose length stands there has its body, and where that ends (§1.5.5).

    Beyond the data when the length is malformed or not all there.
    """
    length = shift = 0
    for body, byte in enumerate(data[at : at + 4], start=at + 1):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return body, body + length
    return at, len(data) + 1
