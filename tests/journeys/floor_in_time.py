"""A small floor in virtual time for stories about being away: real agent and gateway cores, planner
and services, on the simulated broker. Time moves only when a story moves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.config import DeviceConfig
from hub import ids
from hub.config import HubConfig
from hub.db import fetch, writing
from hub.devices import service as devices
from hub.journal import Act
from hub.setup import prepare_schema
from hub.staff import service as staff
from hub.verify.command import verify
from hub.warehouse.models import Assignment
from hub.wiring import open_journal
from protocols.barcodes import badge_label, bin_label, command_label, tote_label
from protocols.limits import OUTBOX_ROWS_MAX
from simulators.virtual.handheld import VirtualHandheld
from simulators.virtual.hub import VirtualGateway, VirtualPlanner
from simulators.virtual.network import SimulatedBroker
from simulators.world import World
from tests.hub.warehouse import picking

PIN = "1234"
BIN, OTHER_BIN, THIRD_BIN = picking.BINS
SOON_S = 40.0
"""After this everybody who can has connected, asked, answered and been planned for."""
HOUR_S = 3_600.0


class FloorInTime:
    """One site with stock and orders, two people, two handhelds."""

    company, site = "shop", "main"

    def __init__(
        self, folder: Path, stock: Mapping[str, int], *orders: Mapping[str, int],
        capacity: int = OUTBOX_ROWS_MAX,
    ) -> None:  # fmt: skip
        self.folder, self.world = folder, World(7)
        self.config = HubConfig(folder=str(folder), database_url="sqlite://", site=self.site)
        self.random = self.world.chance("hub")
        self.clock = self.world.clock
        self.journal = open_journal(self.config, self.clock, self.random)
        self.database = self.journal.database
        prepare_schema(self.config, self.journal)
        self.broker = SimulatedBroker(self.clock.now_us)
        self.planner = VirtualPlanner(self.world, self.journal, self.site, self._hub_acted)
        self.gateway = VirtualGateway(
            self.world, self.broker, self.config, self.journal, self.planner.soon
        )
        self.people = {name: self._person(name) for name in ("ANA", "BEN")}
        picking.released(self, stock, *orders)  # type: ignore[arg-type]  # it has what that asks
        self.gateway.start()
        self.planner.soon(1.0)
        self.first = self.device("h1", capacity)
        self.second = self.device("h2", capacity)
        self.run()

    def _hub_acted(self) -> None:
        self.gateway.soon(0.1)
        self.planner.soon()

    def _person(self, name: str) -> bytes:
        with self.act() as act:
            staff.seed_permissions(act)
            return staff.add_person(act, self.company, name, badge=name, pin=PIN, roles=("picker",))

    def device(self, name: str, capacity: int = OUTBOX_ROWS_MAX) -> Hand:
        with self.act() as act:
            devices.add_device(act, name, "handheld", self.random.randbytes)
        return self.switch_on(name, f"{name}.db", capacity)

    def switch_on(self, name: str, storage: str, capacity: int = OUTBOX_ROWS_MAX) -> Hand:
        """A machine that goes by this name, on this memory card."""
        machine = VirtualHandheld(
            self.world, self.broker, DeviceConfig(self.site, name), self.folder / storage, capacity
        )
        machine.switch_on()
        return Hand(self, machine)

    # ── time and the hub ─────────────────────────────────────────────────────────────────

    def run(self, seconds: float = SOON_S) -> None:
        self.world.run(self.clock.at_us + round(seconds * 1_000_000))

    @contextmanager
    def act(self, name: str = "test") -> Iterator[Act]:
        """Somebody at the hub does something; devices hear of it as soon as time moves."""
        self.clock.at_us += 1_000
        with writing(self.database, self.clock.at_us) as tx:
            key = ids.new_key(self.clock.at_us, self.random)
            act = Act(tx, name, site=self.site, key=key, via="command")
            yield act
            act.enter(b"{}")
        if hasattr(self, "gateway"):
            self._hub_acted()

    # ── what there is to see ─────────────────────────────────────────────────────────────

    @property
    def work(self) -> Any:
        """The only piece of work."""
        return Assignment.get()

    def open(self) -> list[str]:
        """Kinds of what waits for people."""
        rows = fetch(self.database, "SELECT kind FROM floor_exception WHERE state <> 'RESOLVED'")
        return sorted(kind for (kind,) in rows)

    def stages(self) -> dict[str, int]:
        return picking.stages(self)  # type: ignore[arg-type]  # it has what that asks

    def where_is(self, sku: str) -> dict[str, int]:
        return picking.where_is(self, sku)  # type: ignore[arg-type]  # it has what that asks

    def assert_nothing_waits(self) -> None:
        """Devices and hub agree, nothing is on its way, and the books are true."""
        assert verify(self.database).findings == []
        rows = fetch(
            self.database,
            "SELECT type, device FROM outbox_message WHERE state IN ('UNSENT', 'SENT')",
        )
        assert rows == []
        for hand in (self.first, self.second):
            if hand.machine.core is not None and hand.machine.has_radio:
                assert hand.machine.core.outbox.depth == 0
                self._assert_agrees(hand)

    def _assert_agrees(self, hand: Hand) -> None:
        rows = fetch(
            self.database,
            "SELECT id FROM assignment WHERE device = ? AND state IN "
            "('OFFERED', 'ASSIGNED', 'IN_PROGRESS', 'SUSPENDED')",
            (hand.machine.name,),
        )
        believed = {bytes(id).hex() for (id,) in rows}
        held = {work.id for work in hand.works if not _is_over(work)}
        assert believed >= held
        assert believed <= {work.id for work in hand.works}


def _is_over(work: Any) -> bool:
    """Every line is done: it only waits for DONE, while the hub may know that already."""
    return all(mark.is_final for mark in work.progress.marks)


class Hand:
    """Somebody with a device in hand, who takes a second for each scan."""

    def __init__(self, floor: FloorInTime, machine: VirtualHandheld) -> None:
        self._floor, self.machine = floor, machine

    @property
    def works(self) -> tuple[Any, ...]:
        assert self.machine.core is not None
        return self.machine.core.state.works

    @property
    def view(self) -> Any:
        return self.machine.view

    def events(self) -> int:
        """How many events it has given out in its present epoch."""
        assert self.machine.core is not None
        return self.machine.core.outbox.last_seq

    def scan(self, *texts: str) -> None:
        for text in texts:
            self.machine.scan(text)
            self._floor.run(1.0)

    def say(self, *words: str) -> None:
        self.scan(*(command_label(word) for word in words))

    def type(self, text: str) -> None:
        self.machine.type(text)
        self._floor.run(1.0)

    def log_in(self, name: str = "ANA", pin: str = PIN) -> None:
        self.scan(badge_label(name))
        self.type(pin)
        self._floor.run(5.0)

    def tote(self, *codes: str) -> None:
        self.scan(*(tote_label(code) for code in codes))

    def pick(self, sku: str, bin: str, units: int, tote: str = "T-1") -> None:
        """One line from its bin into the tote."""
        self.scan(bin_label(bin), sku)
        if units > 1:
            self.type(str(units))
        self.tote(tote)

    def go_away(self) -> None:
        """Behind a wall of steel, until `come_back`."""
        self.machine.switch_radio(is_on=False)
        self._floor.run(1.0)

    def come_back(self) -> None:
        """In reach again; some minutes are over when the machine has noticed it."""
        self.machine.switch_radio(is_on=True)
        self._floor.run(600.0)

    def power_cut(self) -> None:
        """The battery falls out and is put back."""
        self.machine.kill()
        self._floor.run(10.0)
