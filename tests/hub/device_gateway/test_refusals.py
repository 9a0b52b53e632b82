"""What is no message is refused by name, listed for a supervisor, and stops nothing."""

from __future__ import annotations

import pytest

from hub.device_gateway import refusals
from hub.device_gateway.gateway_io import Arrived
from hub.devices import queries, service
from hub.devices.models import RefusedMessage
from protocols.limits import EVENT_BYTES_MAX, PAYLOAD_BYTES_MAX
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, ack


@pytest.fixture
def floor(sqlite_hub: TestHub) -> Floor:
    """What is refused does not depend on the database."""
    made = Floor(sqlite_hub)
    made.enrol("h1")
    return made


BAD = {
    "UNKNOWN_TOPIC": lambda d: Arrived("bw/1/w1/dev/h1/nonsense", b"{}", 1),
    "MALFORMED_PAYLOAD": lambda d: d.on("evt", b"{not json"),
    "OVERSIZED_PAYLOAD": lambda d: d.on("evt", b" " * (EVENT_BYTES_MAX + 1)),
    "UNSUPPORTED_VERSION": lambda d: d.event(1, v=9),
    "WRONG_DEVICE": lambda d: d.event(1, dev="h2"),
    "UNKNOWN_DEVICE": lambda d: Arrived("bw/1/w1/dev/stranger/evt", b"{}", 1),
}


@pytest.mark.parametrize("code", BAD)
def test_each_is_refused_by_its_name_and_the_rest_go_on(code: str, floor: Floor, device: Device):
    said = floor.hear(device.event(1), BAD[code](device), device.event(2))
    assert ack(said).upto == 2
    assert floor.refused() == {code: 1}
    assert floor.exceptions() == ["REFUSED_MESSAGE"]


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("bw/1/w2/dev/h1/evt", b"{}", "UNKNOWN_TOPIC"),
        ("bw/1/w1/dev/h1/ack", b"{}", "UNKNOWN_TOPIC"),
        ("other", b"", "UNKNOWN_TOPIC"),
        ("bw/1/w1/dev/h1/birth", b"[]", "MALFORMED_PAYLOAD"),
        ("bw/1/w1/dev/h1/birth", b"", "MALFORMED_PAYLOAD"),
        ("bw/1/w1/dev/h1/tlm", b"\xff\xfe", "MALFORMED_PAYLOAD"),
        ("bw/1/w1/dev/h1/time", b"{}", "MALFORMED_PAYLOAD"),
        ("bw/1/w1/dev/h1/cmd_ack", b'{"v":2,"id":"%s","accepted":true}' % (b"0" * 32,),
         "UNSUPPORTED_VERSION"),
        ("bw/1/w1/dev/h1/cmd_ack", b'{"v":1,"id":"%s","accepted":true}' % (b"0" * 32,),
         "UNKNOWN_COMMAND"),
        ("bw/1/w1/dev/h1/ask", b" " * (PAYLOAD_BYTES_MAX + 1), "OVERSIZED_PAYLOAD"),
        ("bw/1/w1/dev/h1/evt", b"[" * 4_000, "MALFORMED_PAYLOAD"),
    ],
)  # fmt: skip
def test_other_channels_refuse_by_name_too(
    topic: str, payload: bytes, code: str, floor: Floor, device: Device
):
    floor.hear(Arrived(topic, payload, 1))
    assert floor.refused() == {code: 1}


def test_a_repeated_refusal_is_counted_not_listed_again(floor: Floor, device: Device):
    floor.hear(*[device.on("evt", b"{")] * 3)
    floor.hear(device.on("evt", b"{{"))
    (row,) = queries.refused("w1")
    assert (row.count, bytes(row.sample)) == (4, b"{{")
    assert floor.exceptions() == ["REFUSED_MESSAGE"]


def test_the_list_of_refusals_is_bounded(
    floor: Floor, device: Device, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(refusals, "ROWS_MAX", 5)
    floor.hear(*(Arrived(f"bw/1/w1/dev/x{n}/evt", b"{}", 1) for n in range(20)))
    assert RefusedMessage.select().count() == 6
    others = RefusedMessage.get(RefusedMessage.topic == refusals.OTHER_TOPICS)
    assert others.count == 15


def test_a_retired_device_is_no_longer_heard(floor: Floor, device: Device):
    floor.hear(device.event(1))
    with floor.hub.act() as act:
        service.retire_device(act, "h1")
    floor.tick()
    assert floor.hear(device.event(2)) == []
    assert floor.refused() == {"RETIRED_DEVICE": 1}


def test_a_device_enrolled_a_moment_ago_is_heard(floor: Floor):
    floor.enrol("late")
    assert ack(floor.hear(Device(floor, "late").event(1))).upto == 1
