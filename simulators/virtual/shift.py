"""A shift in virtual time: one process, one seed, one end. Owns how the parts are put together.

Real agent cores, gateway core, planner and services on SQLite; a simulated broker; people with
seeded habits. No wall clock, no thread: the same seed ends with the same ledger hash.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import peewee

from edge.config import DeviceConfig
from hub.config import HubConfig
from hub.db import fetch
from hub.setup import prepare_schema
from hub.warehouse.streaming import Stream
from hub.wiring import open_journal
from simulators import checkers
from simulators.audit import Audit, audited
from simulators.furnishing import Furnisher
from simulators.people.actors import VirtualStage
from simulators.people.crew import HABITS, STREAM, Crew, make_hall
from simulators.people.device_in_hand import Habits
from simulators.virtual.faults import FaultPlan, Faults
from simulators.virtual.handheld import VirtualHandheld
from simulators.virtual.hub import VirtualGateway, VirtualPlanner
from simulators.virtual.hub_clock import HubClock
from simulators.virtual.network import SimulatedBroker
from simulators.world import World

LOOK_S: Final = 30.0
"""How often the end of the work is looked for."""
QUIET_S: Final = 1_800.0
"""After the last person left, the machines have so long to say what is left; then it counts as
lost."""
SETTLE_S: Final = 5.0


class ShiftPlan(NamedTuple):
    """What is asked of a shift."""

    seed: int = 7
    hours: float = 12.0
    orders: int = 60
    pickers: int = 4
    packers: int = 0
    """0: one for every two pickers."""
    faults: FaultPlan = FaultPlan()
    habits: Habits = HABITS
    stream: Stream = STREAM

    @property
    def packers_needed(self) -> int:
        return self.packers or max(1, -(-self.pickers // 2))


class ShiftReport(Audit, frozen=True):
    """How a shift ended. `undiscovered` counts seeded differences that nobody has noticed."""

    seed: int
    hash: str
    """The last hash of the stock ledger."""
    is_done: bool
    """Whether all work that stock allows was done before the hours were over."""
    hours: float
    undiscovered: int
    kills: int
    verify: str


class Shift:
    """One shift, from an empty database to a quiet hall."""

    def __init__(self, plan: ShiftPlan, folder: Path) -> None:
        self.plan = plan
        self.world = World(plan.seed)
        self.config = HubConfig(folder=str(folder), database_url="sqlite://")
        chance, clock = self.world.chance, self.world.clock
        self.hub_clock = HubClock(clock)
        self.journal = open_journal(self.config, self.hub_clock, chance("journal"))
        prepare_schema(self.config, self.journal)
        furnisher = Furnisher(self.config, self.journal, chance("furnishing"))
        self.furnished = furnisher.furnish(plan.orders, plan.pickers, plan.packers_needed)
        self.broker = SimulatedBroker(clock.now_us)
        site = self.config.site
        self.devices = [
            VirtualHandheld(
                self.world, self.broker, DeviceConfig(site, name, version="simulated"),
                folder / f"{name}.db" if plan.faults.has_kills else ":memory:",
            )
            for name in self.furnished.passwords
        ]  # fmt: skip
        self.planner = VirtualPlanner(self.world, self.journal, site, self.hub_acted)
        self.gateway = VirtualGateway(
            self.world, self.broker, self.config, self.journal, self.planner.soon
        )
        self.hall = make_hall(self.furnished, chance("truth"), self.devices)
        self.crew = Crew(
            VirtualStage(self.world.after), self.hall, self.journal, site, self.furnished, chance,
            self.hub_acted, plan.habits, plan.stream,
        )  # fmt: skip
        self.faults = Faults(
            self.world, plan.faults, self.broker, self.gateway, self.devices, self.hub_clock
        )
        self._ended_at_us: int | None = None

    def hub_acted(self) -> None:
        """Somebody did something at the hub: devices and planner hear of it."""
        self.gateway.soon(0.1)
        self.planner.soon()

    def run(self) -> ShiftReport:
        """Play it to its end."""
        began_us = self.world.clock.at_us
        self.switch_on()
        self.crew.start()
        self.faults.start()
        self.world.after(LOOK_S, self.look)
        until_us = began_us + round(self.plan.hours * 3_600_000_000)
        self.world.run(until_us, lambda: self.crew.has_gone)
        is_done = self.hall.is_over and self.crew.has_gone
        self.let_rest()
        hours = (self.world.clock.at_us - began_us) / 3_600_000_000
        return self._report(is_done=is_done, hours=round(hours, 3))

    def switch_on(self) -> None:
        """The machines, before anybody comes."""
        self.gateway.start()
        self.planner.soon(1.0)
        for device in self.devices:
            device.switch_on()

    def look(self) -> None:
        """Close the hall when nothing is left to do."""
        if self.crew.looks_idle and self.crew.is_all_done():
            self.hall.is_over = True
            self.faults.stop()
            for actor in self.crew.actors:
                actor.wake()
            return
        self.world.after(LOOK_S, self.look)

    def let_rest(self) -> None:
        """No more faults; every device brings its events home."""
        self.faults.stop()
        for wait_s, is_over in ((QUIET_S, self._is_quiet), (SETTLE_S, lambda: False)):
            self.world.run(self.world.clock.at_us + round(wait_s * 1_000_000), is_over)

    def _is_quiet(self) -> bool:
        """Whether every device is on, and the hub has acknowledged everything it ever did."""
        return all(device.core and device.core.outbox.depth == 0 for device in self.devices)

    def _report(self, *, is_done: bool, hours: float) -> ShiftReport:
        database = self.journal.database
        sent = checkers.sent_by_cores(self.devices)
        audit, world = audited(database, self.config.site, sent, self.hall)
        return ShiftReport(
            **msgspec.structs.asdict(audit), seed=self.plan.seed,
            hash=last_hash(database, self.config.site), is_done=is_done, hours=hours,
            undiscovered=world.undiscovered, kills=self.faults.kills,
            verify=checkers.verified(database),
        )  # fmt: skip


def run_shift(plan: ShiftPlan) -> ShiftReport:
    """Play one shift in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="binlight-shift-") as folder:
        return Shift(plan, Path(folder)).run()


def last_hash(database: peewee.Database, site: str) -> str:
    """The end of the stock ledger's chain, in hexadecimal digits."""
    rows: list[tuple[Any, ...]] = fetch(
        database, "SELECT hash FROM ledger_head WHERE site = ? AND ledger = 'stock'", (site,)
    )
    return bytes(rows[0][0]).hex() if rows else ""
