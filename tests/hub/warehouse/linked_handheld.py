"""A real handheld core over a real gateway core, on one clock; the broker is a list."""

from __future__ import annotations

import random
from pathlib import Path

from edge.config import DeviceConfig
from edge.handheld.agent import AgentCore
from edge.link.io_values import LinkConnected, LinkLost, MessageArrived, Publish
from edge.storage.outbox import SqliteOutbox
from hub.device_gateway.configuration import Configuration
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived
from hub.devices import service as devices
from hub.staff import service as staff
from hub.staff.queries import shift_people
from hub.warehouse import planner
from hub.wiring import answer_handlers, birth_handlers, event_handlers
from protocols.messages.configuration import ShiftPerson
from tests.edge.handheld.floor import PIN, Handheld
from tests.hub.conftest import TestHub


class Gateway:
    """The hub's side: everybody's messages go through one core."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub
        self.people = {name: self._add_person(name) for name in ("ANA", "BEN")}
        self.core = self.new_core()

    def _add_person(self, name: str) -> bytes:
        with self.hub.act() as act:
            staff.seed_permissions(act)
            return staff.add_person(
                act, self.hub.company, name, badge=name, pin=PIN, roles=("picker",)
            )

    def new_core(self) -> GatewayCore:
        hub = self.hub
        return GatewayCore(
            hub.database, site=hub.site, company=hub.company, hub_epoch="hub-1", clock=hub.clock,
            handlers=event_handlers(), answer_handlers=answer_handlers(),
            configuration=Configuration(
                hub.site, "UTC", lambda: shift_people(hub.company, hub.site)
            ),
            birth_handlers=birth_handlers(),
        )  # fmt: skip

    def badge_of(self, name: str) -> ShiftPerson:
        found = shift_people(self.hub.company, self.hub.site)
        return next(person for person in found if person.badge == name)

    def plan(self) -> None:
        self.hub.clock.advance(ms=10)
        while planner.step(self.hub.journal, self.hub.site):
            pass


class LinkedHandheld(Handheld):
    """A device of that hub. What it says is heard at once while it has radio."""

    def __init__(self, gateway: Gateway, folder: Path, name: str = "h1") -> None:
        self.gateway, self.name, self._folder = gateway, name, folder
        self._storages = 0
        self.has_radio = False
        self._said = 0
        with gateway.hub.act() as act:
            devices.add_device(act, name, "handheld", gateway.hub.random.randbytes)
        super().__init__(folder / f"{name}-0.db", seed=sum(name.encode()))
        self._follow_clock()

    def _opened(self) -> AgentCore:
        outbox = SqliteOutbox(self._path, random.Random(self._seed))
        config = DeviceConfig(self.gateway.hub.site, self.name)
        core = AgentCore(config, outbox, random.Random(self._seed))
        core.start(self.now())
        return core

    def _follow_clock(self) -> None:
        self.utc_us = self.gateway.hub.clock.now_us()

    def lose_storage(self) -> None:
        """Another memory card: the device knows nothing."""
        self.break_off()
        self._storages += 1
        self._path = self._folder / f"{self.name}-{self._storages}.db"
        self.restart()
        self._said = len(self.actions)

    def restart(self) -> None:
        super().restart()
        self.has_radio = False

    # ── the network ──────────────────────────────────────────────────────────────────────

    def wait(self, milliseconds: int) -> None:
        self.gateway.hub.clock.advance(ms=milliseconds)
        self.mono_ms += milliseconds
        self._follow_clock()

    def do(self, happened):  # type: ignore[no-untyped-def]  # as its parent
        done = super().do(happened)
        self.exchange()
        return done

    def come_on_line(self) -> None:
        self.has_radio = True
        self._said = len(self.actions)
        super().do(LinkConnected())
        self.exchange()
        self._hear_all([self.gateway.core.state(is_online=True)])
        self.exchange()

    def break_off(self) -> None:
        self.has_radio = False
        super().do(LinkLost())
        self._said = len(self.actions)

    def exchange(self) -> None:
        """Everything is said in both directions until nobody has anything to say."""
        while self.has_radio:
            said = [a for a in self.actions[self._said :] if isinstance(a, Publish)]
            self._said = len(self.actions)
            batch = [Arrived(a.topic, a.payload, 1, a.correlation) for a in said]
            self.gateway.hub.clock.advance(ms=1)
            answers = [*self.gateway.core.step(batch), *self.gateway.core.tick()]
            if not batch and not answers:
                break
            self._hear_all(answers)
        self._follow_clock()

    def _hear_all(self, publishes) -> None:  # type: ignore[no-untyped-def]  # of the gateway
        for publish in publishes:
            if f"/dev/{self.name}/" in publish.topic or publish.topic.endswith("hub/state"):
                self.at_once(MessageArrived(publish.topic, publish.payload, publish.correlation))
