"""Publications are read here as paho reads them, and what is not plain is left to paho."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.device_gateway.gateway_io import Arrived
from hub.device_gateway.mqtt_client import BufferedClient
from hub.device_gateway.publications import Publication, publication_at

TOPIC = "bw/1/w1/dev/h1/evt"
EVENT = b'{"v":1}'
PINGRESP = b"\xd0\x00"


def packet(
    topic: str | bytes = TOPIC, payload: bytes = EVENT, *, token: int = 7, flags: int = 0x02,
    properties: bytes = b"\0",
) -> bytes:  # fmt: skip
    """One PUBLISH; `flags` are retain, QoS and dup."""
    name = topic.encode() if isinstance(topic, str) else topic
    number = token.to_bytes(2, "big") if flags & 0x06 else b""
    body = len(name).to_bytes(2, "big") + name + number + properties + payload
    return bytes([0x30 | flags]) + _length(len(body)) + body


def _length(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def asked(correlation: bytes) -> bytes:
    """The properties of a look-up."""
    made = Properties(PacketTypes.PUBLISH)
    made.CorrelationData = correlation
    return bytes(made.pack())


def heard(pieces: Sequence[bytes], *, by_paho_alone: bool = False) -> list[tuple[Any, ...]]:
    """What the client hears when the socket gives these pieces, one after the other."""
    ours, theirs = socket.socketpair()
    client = BufferedClient("hub-w1")
    client._sock = ours
    ours.setblocking(False)
    found: list[tuple[Any, ...]] = []
    client.on_message = lambda _c, _u, message: found.append(
        (message.topic, message.payload, message.mid)
    )
    if not by_paho_alone:
        client.on_publication = lambda message: found.append(message[:3])
    with ours, theirs:
        for piece in pieces:
            theirs.sendall(piece)
            client.is_drained = False
            while not client.is_drained:
                client.loop_read()
    return found


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 100, b"x" * 20_000])
def test_a_plain_publication_is_taken_whole(payload: bytes):
    data = b"before" + packet(payload=payload) + b"after"

    found = publication_at(data, 6)

    assert found == Publication(Arrived(TOPIC, payload, 7), len(data) - 5)


def test_nothing_is_taken_of_a_publication_that_is_not_all_there():
    data = packet(payload=b"x" * 300)

    assert [publication_at(data[:end], 0) for end in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        PINGRESP + packet(),
        packet(properties=asked(b"ask-1")),
        packet(flags=0x04),
        packet(flags=0x06),
        packet(token=0),
        packet(b"\xff\xfe"),
        b"\x32\x03\x00\xff\x00" + packet(),
        b"\x32\xff\xff\xff\xff\x01" + packet(),
    ],
    ids=["another kind", "properties", "QoS 2", "no QoS", "no number", "not UTF-8",
         "topic beyond its end", "endless length"],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_paho(data: bytes):
    assert publication_at(data, 0) is None


@given(
    packets=st.lists(
        st.one_of(
            st.builds(
                packet, st.text("abc/é", min_size=1, max_size=20), st.binary(max_size=300),
                token=st.integers(1, 65_535),
                flags=st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x0A]),
                properties=st.sampled_from([b"\0", asked(b"ask-1")]),
            ),
            st.just(PINGRESP),
        ),
        max_size=8,
    ),
    cuts=st.lists(st.integers(0, 2_000), max_size=4),
)  # fmt: skip
def test_however_the_bytes_arrive_the_same_is_heard_as_by_paho(
    packets: list[bytes], cuts: list[int]
):
    data = b"".join(packets)
    ends = sorted({*(cut for cut in cuts if cut < len(data)), len(data)} - {0})
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    assert heard(pieces) == heard(pieces, by_paho_alone=True)


def test_a_look_up_between_events_keeps_its_place():
    found = heard([packet(token=1) + packet(token=2, properties=asked(b"a")) + packet(token=3)])

    assert [token for _, _, token in found] == [1, 2, 3]
