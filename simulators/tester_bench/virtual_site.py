"""The bench's world in virtual time: the same acts on the same cores, in one process.

Owns how hardware becomes calls. What needs a kernel (a disk, a slow line) is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, cast

from msgspec.structs import replace

from edge.clock import Now
from edge.config import DeviceConfig
from edge.handheld.agent_io import (
    Action,
    BatteryRead,
    KeyTyped,
    PlayTone,
    RadioRead,
    ScannerPresence,
    ScanRead,
)
from edge.handheld.render import layout
from edge.link.io_values import LinkLost
from edge.tones import Tone
from hub.config import HubConfig
from hub.devices import queries
from hub.setup import prepare_schema
from hub.wiring import open_journal
from simulators.tester_bench.display import COLUMNS, DARK, LINES, Rows, Run
from simulators.tester_bench.hardware import Kept, NotOnThisBench, Proof, Switches
from simulators.tester_bench.labels import labels_of
from simulators.tester_bench.weather import AIRS
from simulators.tester_bench.world_plan import WorldPlan, furnish
from simulators.virtual.handheld import BOOT_S, VirtualHandheld
from simulators.virtual.hub import VirtualGateway, VirtualPlanner
from simulators.virtual.network import SimulatedBroker
from simulators.virtual.shift import last_hash
from simulators.world import VirtualClock, World

PARTS: Final = ("broker", "gateway")
BROKER_RESTART_S: Final = 1.0
HAND_S: Final = 0.8
"""Reaching for the trigger: longer than an echo, so that the same label twice is two scans."""
NO_CERTIFICATES: Final = "virtual time knows no certificates"
AIRS_HERE: Final = {"fine": True, "cut": False, "silent": False}
"""Whether anything passes."""


class WrongClock:
    """A device's own idea of UTC over the world's one clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.shift_s = 0

    def now(self) -> Now:
        now = self._clock.now()
        return Now(now.utc_us + self.shift_s * 1_000_000, now.mono_ms)

    def mono_ms(self) -> int:
        return self._clock.mono_ms()

    @property
    def at_us(self) -> int:
        """The world's time, for what is under way in the air."""
        return self._clock.at_us


class DeviceWorld:
    """The world as one device has it: everything shared but the clock."""

    def __init__(self, world: World) -> None:
        self.clock = WrongClock(world.clock)
        self.agenda, self.chance, self.after = world.agenda, world.chance, world.after


class BenchHandheld(VirtualHandheld):
    """The real core, with hands and switches."""

    def __init__(
        self, world: World, broker: SimulatedBroker, config: DeviceConfig, file: Path
    ) -> None:
        self._own = DeviceWorld(world)
        super().__init__(cast("World", self._own), broker, config, file)  # all it asks of one
        self.outbox_file = file
        self.switches = Switches()
        self.tones: list[Tone] = []
        self.lives = 0
        self.last_words = ""
        self._kept = Kept()
        self._is_wanted = False

    def rows(self) -> Rows:
        if self.view is None:
            return DARK
        return tuple((Run(line.plain),) for line in layout(self.view, COLUMNS, LINES))

    def kept(self) -> Kept:
        core = self.core
        if core is not None:
            outbox = core.outbox
            self._kept = Kept(
                outbox.epoch,
                outbox.boot,
                outbox.last_seq,
                outbox.depth,
                len(core.cfg.people),
                core.state,
            )
        return self._kept

    def proof(self) -> Proof:
        return "password"

    def forget_identity(self) -> None:
        raise NotOnThisBench("a device without identity", NO_CERTIFICATES)

    # ── hands ────────────────────────────────────────────────────────────────────────────

    def pull(self, codes: Sequence[str], per_second: float = 0.0) -> bool:
        if self.core is None or not self.switches.has_scanner:
            return False
        for n, code in enumerate(codes):
            after_s = n / per_second if per_second else 0.0
            self._own.after(HAND_S + after_s, partial(self._scanned, code))
        return True

    def _scanned(self, code: str) -> None:
        if self.switches.has_scanner:
            self.step(ScanRead(code))

    def press(self, keys: Sequence[str]) -> bool:
        for key in keys:
            self.step(KeyTyped(key))
        return self.core is not None

    # ── switches ─────────────────────────────────────────────────────────────────────────

    def plug_scanner(self) -> None:
        self._set_scanner(is_there=True)

    def unplug_scanner(self) -> None:
        self._set_scanner(is_there=False)

    def _set_scanner(self, *, is_there: bool) -> None:
        if self.switches.has_scanner != is_there:
            self._set(has_scanner=is_there)
            self.step(ScannerPresence(is_there, "" if is_there else "unplugged"))

    def set_battery(self, percent: int) -> None:
        self._set(battery_percent=percent)
        self.step(BatteryRead(percent))

    def set_clock(self, shift_s: int) -> None:
        self._set(clock_shift_s=shift_s)
        self._own.clock.shift_s = shift_s

    def set_air(self, air: str) -> None:
        if air not in AIRS_HERE:
            raise NotOnThisBench(f"air {air!r}", "virtual time knows fine, cut and silent alone")
        self._set(air=air)
        self.has_radio = AIRS_HERE[air]
        self.step(RadioRead(AIRS[air].dbm))
        if not self.has_radio and self._hang_up():
            self.step(LinkLost())

    def fill_disk(self) -> None:
        raise NotOnThisBench("a full disk", "it takes a kernel")

    def free_disk(self) -> None:
        raise NotOnThisBench("a full disk", "it takes a kernel")

    def _set(self, **changes: object) -> None:
        self.switches = replace(self.switches, **changes)

    # ── power ────────────────────────────────────────────────────────────────────────────

    def switch_on(self) -> None:
        self._is_wanted = True
        self._begin()

    def switch_off(self) -> None:
        self._is_wanted = False
        self.kill()

    def kill(self) -> None:
        """SIGKILL; the agent is started again unless the power is off."""
        core = self.core
        if core is None:
            return
        self.kept()
        core.outbox.close()
        self._core = None
        self._hang_up()
        self._set(is_on=False)
        self._own.after(BOOT_S, self._begin)

    def _begin(self) -> None:
        if self._is_wanted and self.core is None:
            super().switch_on()
            self.lives += 1
            self._set(is_on=True)
            if not self.switches.has_scanner:
                self.step(ScannerPresence(is_there=False, reason="unplugged"))

    def _carry_out(self, actions: list[Action]) -> None:
        self.tones += [action.tone for action in actions if isinstance(action, PlayTone)]
        super()._carry_out(actions)


class VirtualSite:
    """A hub's cores, a simulated broker, and handhelds without processes."""

    parts: tuple[str, ...] = PARTS
    shown_code: Final = None

    def __init__(self, plan: WorldPlan, folder: Path) -> None:
        """Raises NotOnThisBench for a world with certificates."""
        if plan.secure:
            raise NotOnThisBench("a secure hub", NO_CERTIFICATES)
        self._world = World(plan.seed)
        chance, clock = self._world.chance, self._world.clock
        self.config = HubConfig(folder=str(folder), database_url="sqlite://")
        self.journal = open_journal(self.config, clock, chance("journal"))
        prepare_schema(self.config, self.journal)
        found = furnish(plan, self.config, self.journal, chance("furnishing"))
        self.people = found.people
        self.labels = labels_of(self.config, self.journal, self.people)
        self._broker = SimulatedBroker(clock.now_us)
        self._planner = VirtualPlanner(
            self._world, self.journal, self.config.site, lambda: self._gateway.soon(0.1)
        )
        self._gateway = VirtualGateway(
            self._world, self._broker, self.config, self.journal, self._planner.soon
        )
        self.devices = {name: self._device(name, folder) for name in found.passwords}
        self.is_hub_on = True
        self._began_us = clock.at_us
        self._start()

    def _device(self, name: str, folder: Path) -> BenchHandheld:
        config = DeviceConfig(self.config.site, name, version="simulated", aim=True)
        return BenchHandheld(self._world, self._broker, config, folder / f"{name}.sqlite")

    def _start(self) -> None:
        self._gateway.start()
        self._planner.soon(1.0)
        for device in self.devices.values():
            device.switch_on()

    # ── hub ──────────────────────────────────────────────────────────────────────────────

    def pid_of(self, part: str) -> int | None:
        return None

    def kill_part(self, part: str) -> None:
        if part not in PARTS:
            raise NotOnThisBench(f"killing the {part}", "virtual time has no such process")
        if part == "gateway":
            self._gateway.kill()
        elif self._broker.is_up:
            self._broker.kill()
            self._world.after(BROKER_RESTART_S, self._broker_back)

    def _broker_back(self) -> None:
        if self.is_hub_on:
            self._broker.start()

    def stop_hub(self) -> None:
        """The broker stays down; the gateway, which has lost it, waits for it."""
        self.is_hub_on = False
        self._broker.kill()
        self._gateway.kill()

    def start_hub(self) -> None:
        self.is_hub_on = True
        self._broker.start()

    # ── identity ─────────────────────────────────────────────────────────────────────────

    def show_code(self, device: str, sort: str) -> None:
        raise NotOnThisBench("enrolment", NO_CERTIFICATES)

    def revoke(self, device: str) -> None:
        raise NotOnThisBench("shutting a device out", NO_CERTIFICATES)

    def state_at_hub(self, device: str) -> str:
        return str(queries.device(self.config.site, device).state)

    # ── time ─────────────────────────────────────────────────────────────────────────────

    def now_s(self) -> float:
        return (self._world.clock.at_us - self._began_us) / 1_000_000

    def until(self, ask: Callable[[], bool], patience_s: float) -> bool:
        end_us = self._world.clock.at_us + round(patience_s * 1_000_000)
        self._world.run(end_us, ask)
        return ask()

    def last_hash(self) -> str:
        """Where the stock ledger's chain ends."""
        return last_hash(self.journal.database, self.config.site)

    def close(self) -> None:
        for device in self.devices.values():
            device.switch_off()
        self.journal.database.close()
