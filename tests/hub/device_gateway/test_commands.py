"""Commands to devices: said after commit, repeated until answered, superseded by newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hub.device_gateway.gateway_io import Publish
from hub.devices import service
from hub.errors import NotFound
from hub.outbox import OutboxMessage, send
from protocols.messages.asking import Answer, Ask
from protocols.messages.codec import decode, encode
from protocols.messages.commands import (
    Command,
    CommandAck,
    OfferAssignment,
    ShowMessage,
    command_data,
)
from protocols.messages.work import Assignment
from tests.hub.device_gateway.conftest import Device, Floor

SUBJECT = bytes(15) + b"\7"


def offer(floor: Floor, rev: int) -> bytes:
    work = Assignment(id=SUBJECT.hex(), rev=rev, wave="W1", kind="PICK", method="SINGLE",
                      lease_s=600, lines=(), slots=())  # fmt: skip
    with floor.hub.act() as act:
        return send(act, "h1", OfferAssignment(work), SUBJECT)


def message(floor: Floor, text: str = "hello") -> bytes:
    with floor.hub.act() as act:
        return service.show_message(act, "h1", text)


def commands(said: Sequence[Publish]) -> list[Any]:
    return [
        command_data(decode(Command, p.payload)) for p in said if p.topic == "bw/1/w1/dev/h1/cmd"
    ]


def answer(device: Device, id: bytes, *, accepted: bool = True, code: str = "") -> Any:
    body = CommandAck(v=1, id=id.hex(), accepted=accepted, code=code)
    return device.on("cmd_ack", encode(body))


def state(id: bytes) -> str:
    return OutboxMessage.get(OutboxMessage.id == id).state


def test_a_command_waits_until_its_device_is_there(floor: Floor, device: Device):
    id = message(floor)
    assert commands(floor.tick()) == []
    floor.hear(device.birth())
    assert commands(floor.tick()) == [ShowMessage(text="hello")]
    assert state(id) == "SENT"


def test_a_command_is_repeated_with_growing_pauses_until_it_is_answered(
    floor: Floor, device: Device
):
    floor.hear(device.birth())
    id = message(floor)
    said_after = [n for n in range(1, 41) if commands(floor.tick(ms=1_000))]
    assert said_after == [1, 3, 7, 15, 31]
    floor.hear(answer(device, id))
    assert not any(commands(floor.tick(ms=60_000)) for _ in range(3))
    assert state(id) == "ACCEPTED"


def test_a_device_that_returns_hears_open_commands_at_once(floor: Floor, device: Device):
    floor.hear(device.birth())
    message(floor)
    floor.tick()
    floor.hear(device.birth("s2"))
    assert commands(floor.tick(ms=1)) == [ShowMessage(text="hello")]


def test_the_newest_offer_supersedes_those_nobody_has_heard(floor: Floor, device: Device):
    floor.hear(device.birth())
    first, second, third = offer(floor, 1), offer(floor, 2), offer(floor, 3)
    (said,) = commands(floor.tick())
    assert said.assignment.rev == 3
    assert [state(id) for id in (first, second, third)] == ["DROPPED", "DROPPED", "SENT"]


def test_a_newer_offer_ends_the_repeats_of_the_older(floor: Floor, device: Device):
    floor.hear(device.birth())
    first = offer(floor, 1)
    floor.tick()
    offer(floor, 2)
    floor.tick()
    assert state(first) == "DROPPED"
    revs = [c.assignment.rev for _ in range(5) for c in commands(floor.tick(ms=10_000))]
    assert set(revs) == {2}


def test_an_answer_and_its_consequence_are_one(floor: Floor, device: Device):
    heard: list[object] = []
    floor.answers["OfferAssignment"] = lambda act, *rest: heard.append(rest)
    floor.hear(device.birth())
    id = offer(floor, 1)
    floor.tick()
    floor.hear(answer(device, id, accepted=False, code="BUSY"), answer(device, id))
    assert heard == [(SUBJECT, "h1", False, "BUSY")]
    assert state(id) == "REJECTED"


def test_an_answer_whose_consequence_fails_is_settled_and_listed(floor: Floor, device: Device):
    def fails(act: Any, *rest: Any) -> None:
        raise NotFound("assignment", "x")

    floor.answers["OfferAssignment"] = fails
    floor.hear(device.birth())
    id = offer(floor, 1)
    floor.tick()
    floor.hear(answer(device, id), device.event(1))
    assert floor.refused() == {"NOT_FOUND": 1}
    assert state(id) == "ACCEPTED"
    assert floor.events() == [(1, "APPLIED")]


def test_an_answer_of_another_device_is_refused(floor: Floor, device: Device):
    floor.enrol("h2")
    floor.hear(device.birth())
    id = message(floor)
    floor.tick()
    floor.hear(answer(Device(floor, "h2"), id))
    assert floor.refused() == {"UNKNOWN_COMMAND": 1}
    assert state(id) == "SENT"


@pytest.mark.parametrize("kind", ["CODE", "STOCK"])
def test_a_look_up_is_answered_with_its_correlation(kind: Any, floor: Floor, device: Device):
    from tests.hub import builders

    builders.stock(floor.hub, "A-01-1", "SKU1", 7)
    ask = device.on("ask", encode(Ask(v=1, kind=kind, code="sku1")))._replace(correlation=b"q1")
    (said,) = [p for p in floor.hear(ask) if p.topic.endswith("/answer")]
    told = decode(Answer, said.payload)
    assert (said.correlation, told.found) == (b"q1", True)
    assert "7" in told.lines[0]
    (said,) = floor.hear(device.on("ask", encode(Ask(v=1, kind=kind, code="A-01-1"))))
    assert decode(Answer, said.payload).lines == ("7 × SKU1 Article SKU1",)
    (said,) = floor.hear(device.on("ask", encode(Ask(v=1, kind=kind, code="nothing"))))
    assert not decode(Answer, said.payload).found
