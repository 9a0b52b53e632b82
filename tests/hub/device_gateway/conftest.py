"""A gateway's core over a fresh database, and a device that speaks to it in plain messages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import pytest

from hub.device_gateway.apply import Handler
from hub.device_gateway.command_answers import AnswerHandler
from hub.device_gateway.configuration import Configuration
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.devices import events, service
from hub.devices.models import DeviceEvent, ParkedEvent, RefusedMessage
from hub.floor_exceptions import FloorException
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.acks import Ack
from protocols.messages.codec import decode, encode
from protocols.messages.events import EventData, HelpRequested, PersonLoggedIn, WorkRequested
from protocols.messages.presence import Birth
from protocols.topics import device_topic
from tests.hub.conftest import TestHub

T = TypeVar("T", bound=msgspec.Struct)
AT = 1_700_000_000_000_000


class Refused(Exception):
    """What a handler of these tests raises for an event that it cannot carry out."""


def _poison(act: Any, event: Event, data: Any) -> None:
    act.tx.run("UPDATE device SET place_code = 'HALF-DONE' WHERE name = ?", (event.dev,))
    raise Refused("as asked")


def _names_twice(act: Any, event: Event, data: HelpRequested) -> None:
    """Gathers a row that the database refuses only when the group is stored."""
    act.tx.add(_SAME_ROW, ("w1", "same", 1, b"x"))


class _SameRow:
    sql = "INSERT INTO ledger_head (site, ledger, position, hash) VALUES (?, ?, ?, ?)"


_SAME_ROW: Any = _SameRow


class Floor:
    """A gateway's core and everything said to devices so far."""

    def __init__(self, hub: TestHub, **more: Any) -> None:
        self.hub = hub
        self.handlers: dict[str, Handler] = {
            **events.HANDLERS, "WorkRequested": _poison, "HelpRequested": _names_twice,
        }  # fmt: skip
        self.answers: dict[str, AnswerHandler] = {}
        self.people: list[Any] = []
        self.core = self.new_core()
        self.said: list[Publish] = []

    def new_core(self, **more: Any) -> GatewayCore:
        return GatewayCore(
            self.hub.database, site=self.hub.site, company=self.hub.company, hub_epoch="hub-1",
            clock=self.hub.clock, handlers=self.handlers, answer_handlers=self.answers,
            configuration=Configuration(self.hub.site, "UTC", lambda: self.people), **more,
        )  # fmt: skip

    def enrol(self, name: str) -> str:
        with self.hub.act() as act:
            return service.add_device(act, name, "handheld", os.urandom)

    def hear(self, *messages: Arrived) -> list[Publish]:
        """One batch, as the shell would hand it over."""
        self.hub.clock.advance(ms=1)
        said = list(self.core.step(messages))
        self.said += said
        return said

    def tick(self, ms: int = 1_000) -> list[Publish]:
        self.hub.clock.advance(ms=ms)
        return list(self.core.tick())

    def refused(self) -> dict[str, int]:
        return {row.code: row.count for row in RefusedMessage.select()}

    def parked(self) -> list[tuple[int, str]]:
        return [(row.seq, row.code) for row in ParkedEvent.select().order_by(ParkedEvent.seq)]

    def events(self) -> list[tuple[int, str]]:
        return [(row.seq, row.state) for row in DeviceEvent.select().order_by(DeviceEvent.seq)]

    def exceptions(self) -> list[str]:
        return [row.kind for row in FloorException.select()]


class Device:
    """What a device would send, message by message."""

    def __init__(self, floor: Floor, name: str = "h1", epoch: str = "e1") -> None:
        self.floor, self.name, self.epoch = floor, name, epoch

    def event(self, seq: int, data: EventData | None = None, **changes: Any) -> Arrived:
        data = data or PersonLoggedIn()
        event = Event(
            v=1, dev=self.name, epoch=self.epoch, boot=1, seq=seq, at=AT + seq,
            at_quality="synced", mono_ms=seq, type=type(data).__name__, data=encode_data(data),
            actor="00" * 15 + "01",
        )  # fmt: skip
        return self.on("evt", encode_event(msgspec.structs.replace(event, **changes)))

    def poison(self, seq: int) -> Arrived:
        return self.event(seq, WorkRequested())

    def birth(self, session: str = "s1", presence: Any = "ONLINE", **more: Any) -> Arrived:
        more = {"epoch": self.epoch, "at": AT, **more}
        birth = Birth(v=1, dev=self.name, session=session, presence=presence, **more)
        return self.on("birth", encode(birth))

    def on(self, channel: Any, payload: bytes) -> Arrived:
        return Arrived(device_topic("w1", self.name, channel), payload, 1)


def acks(said: Sequence[Publish]) -> list[Ack]:
    return [decode(Ack, p.payload) for p in said if p.topic.endswith("/ack")]


def ack(said: Sequence[Publish]) -> Ack:
    (only,) = acks(said)
    return only


@pytest.fixture
def floor(hub: TestHub) -> Floor:
    made = Floor(hub)
    made.enrol("h1")
    return made


@pytest.fixture
def device(floor: Floor) -> Device:
    return Device(floor)
