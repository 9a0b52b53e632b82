"""A small warehouse in which everything that the hub can do is done at least once.

Owns the house, a device in hand and one story for each part of the work; each story goes through
`carry_out`, the gateway's core or the planner, as in a real hub.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, TypeVar

import peewee

from hub.clock import FixedClock
from hub.command import Command
from hub.config import HubConfig
from hub.db import fetch
from hub.device_gateway.gateway_io import Arrived
from hub.founding import FoundSite
from hub.journal import Journal, Via
from hub.migrations import migrate
from hub.setup import demo_floor_text
from hub.warehouse import planner
from hub.wiring import make_gateway
from protocols import envelope
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command as DeviceCommand
from protocols.messages.commands import CommandAck, OfferAssignment, command_data
from protocols.messages.events import EventData
from protocols.messages.presence import Birth
from protocols.messages.work import Assignment
from protocols.topics import device_topic

SITE, COMPANY, DEVICE = "w1", "shop", "h1"
T = TypeVar("T")


class House:
    """One hub: its journal, its gateway's core, and a handheld in somebody's hand."""

    def __init__(self, database: peewee.Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.clock = FixedClock()
        self.journal = Journal(database, self.clock, Random(11))
        migrate(database)
        self.do(FoundSite(COMPANY, "The house", demo_floor_text()), via="setup")
        self.core = make_gateway(HubConfig(str(folder)), database, self.clock)
        self.person = bytes(16)
        self.work: Assignment | None = None
        self._seq = 0

    def do(self, command: Command[T], via: Via = "page", actor: bytes = b"s" * 16) -> T:
        """Carry out a command, a little later than the one before."""
        self.clock.advance(ms=10)
        return self.journal.carry_out(command, site=SITE, via=via, actor=actor)

    def one(self, sql: str, *values: object) -> Any:
        """The first value that a read finds."""
        found = fetch(self.database, sql, values)[0][0]
        return bytes(found) if isinstance(found, bytes | memoryview) else found

    def plan(self) -> None:
        """Everything that the planner has to do now."""
        self.clock.advance(ms=1_000)
        while planner.step(self.journal, SITE):
            pass

    # ── the handheld ─────────────────────────────────────────────────────────────────────

    def hear(self, channel: Any, payload: bytes, device: str = DEVICE) -> None:
        """The gateway takes one message in."""
        self.clock.advance(ms=10)
        list(self.core.step([Arrived(device_topic(SITE, device, channel), payload, 1)]))

    def scan(self, data: EventData, **changes: Any) -> int:
        """An event of the handheld, or of the device that `changes` name; returns its number."""
        device = changes.get("dev", DEVICE)
        self._seq += device == DEVICE
        values: dict[str, Any] = {
            "v": 1, "dev": DEVICE, "epoch": "e1", "boot": 1, "seq": self._seq,
            "at": self.clock.now_us(), "at_quality": "synced", "mono_ms": 0,
            "type": type(data).__name__, "data": envelope.encode_data(data),
            "actor": self.person.hex(), "assignment": self.work.id if self.work else None,
        } | changes  # fmt: skip
        self.hear("evt", envelope.encode_event(envelope.Event(**values)), device)
        return self._seq

    def greet(self, session: str, device: str = DEVICE, **more: Any) -> None:
        """A birth; the handheld says what it holds."""
        values: dict[str, Any] = {
            "v": 1, "dev": device, "session": session, "presence": "ONLINE", "epoch": "e1",
            "seq": self._seq, "at": self.clock.now_us(),
        } | more  # fmt: skip
        self.hear("birth", encode(Birth(**values)), device)

    def answer(self) -> None:
        """Take every command that waits; the newest work offered is the one in hand."""
        self.clock.advance(ms=3_000)
        for publish in list(self.core.tick()):
            if publish.topic.endswith(f"{DEVICE}/cmd"):
                self._take(decode(DeviceCommand, publish.payload))

    def _take(self, command: DeviceCommand) -> None:
        data = command_data(command)
        if isinstance(data, OfferAssignment):
            self.work = data.assignment
        self.hear("cmd_ack", encode(CommandAck(v=1, id=command.id, accepted=True)))
