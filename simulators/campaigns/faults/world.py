"""A live warehouse to be struck: real hub, real agents, simulated people, links with weather.

Owns the victims, and what it means that each is back. What strikes them is `catalogue.py`'s,
when is `chaos.py`'s, what came of it is `campaign.py`'s.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import msgspec

from edge import fault_points as edge_points
from hub import fault_points as hub_points
from hub.config import HubConfig
from hub.devices import service as devices
from hub.identity.broker import local_address
from hub.setup import prepare
from hub.wiring import open_journal
from simulators.campaigns.faults import processes
from simulators.campaigns.faults.catalogue import PARTS, Back
from simulators.campaigns.faults.log_in import wrong_log_in
from simulators.campaigns.faults.probe import NAME, PageProbe, Probe
from simulators.campaigns.faults.proxy import Link, Network
from simulators.errors import DemoFailed
from simulators.furnishing import Furnished, Furnisher
from simulators.live.handheld import LiveHandheld
from simulators.live.hub import LiveHub, Part
from simulators.live.stage import LiveStage
from simulators.people.crew import Crew, make_hall
from simulators.tester_bench.shifted_clock import set_shift
from simulators.world import chance

START_AGAIN_S: Final = 0.3
"""From the supervisor's death until somebody starts it again, as systemd would."""
START_TRIES: Final = 40
START_PAUSE_S: Final = 0.5
"""The ports of the dead are free a moment later."""
RESPITE_S: Final = 5.0
"""A hub that was silent for so long is left alone until it is back."""
HURRY: Final = 4
"""So many times as fast as before people end their day: the machines are what is tried."""
QUIET_S: Final = 60.0
"""So long devices may take to bring their last events home: twice the longest resend."""


class FaultPlan(NamedTuple):
    """What is asked of the world."""

    seed: int
    pickers: int = 6
    orders: int = 200
    speed: float = 25.0
    """How many times as fast as people do."""
    home_s: float = 600.0
    """So long people may take at most to finish what they have in hand."""


class Marks(NamedTuple):
    """How far a device is, by its own file."""

    given_out: int
    acknowledged: int

    @property
    def depth(self) -> int:
        return self.given_out - self.acknowledged


class FaultWorld:
    """One warehouse in a data folder. Everything it starts it ends."""

    def __init__(self, plan: FaultPlan, config: HubConfig) -> None:
        self.plan, self.config = plan, config
        self.journal = open_journal(config)
        prepare(config, self.journal)
        furnisher = Furnisher(config, self.journal, self._chance("furnishing"))
        furnished = furnisher.furnish(plan.orders, plan.pickers, max(1, -(-plan.pickers // 2)))
        self.stage = LiveStage(plan.speed)
        self.hub = LiveHub(config, {hub_points.ENVIRONMENT_NAME: f"@{self._death_file}"})
        self.network = Network("127.0.0.1", config.broker_port, self._chance("links"))
        self.links: dict[str, Link] = {}
        self.devices = [self._device(*one) for one in furnished.passwords.items()]
        self.probe = self._probe()
        self.pages = PageProbe(f"{config.page_url}/login")
        self.hall = make_hall(furnished, self._chance("truth"), self.devices)
        self.crew = self._crew(furnished)
        self.agent_points = sorted(edge_points.POINTS)
        self.supervisor_kills = 0
        self._is_restarting = False

    def _chance(self, name: str) -> Random:
        return chance(self.plan.seed, name)

    def _device(self, name: str, password: str) -> LiveHandheld:
        link = self.links[name] = self.network.add(name)
        through_link = msgspec.structs.replace(self.config, broker_port=link.port)
        device = LiveHandheld(self.stage, through_link, name, password)
        with (device.outbox_file.parent / "device.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[clock]\ndriver = "shifted"\noptions.path = "{_clock_file(device)}"\n')
        return device

    def _probe(self) -> Probe:
        password = self.journal.perform(
            "devices.add",
            lambda act: devices.add_device(act, NAME, "handheld", self._chance("probe").randbytes),
            site=self.config.site, via="setup",
        )  # fmt: skip
        return Probe(
            self.config.site, password, local_address(self.config), self.config.data / "devices",
            self._chance("probe"),
        )  # fmt: skip

    def _crew(self, furnished: Furnished) -> Crew:
        return Crew(
            self.stage, self.hall, self.journal, self.config.site, furnished, self._chance
        )  # fmt: skip

    # ── its course ───────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Hub first, then devices, then people. Raises DemoFailed."""
        self.hub.start()
        self.probe.start()
        self.pages.start()
        for device in self.devices:
            device.start()
        self.crew.start()

    def run(self, is_over: Callable[[], bool], most_s: float = 3_600.0) -> bool:
        """Let everything go on until something is so; False when it took too long."""
        until_s = time.monotonic() + most_s
        self.stage.run(lambda: is_over() or time.monotonic() > until_s)
        return is_over()

    def calm_down(self) -> bool:
        """People go home, devices bring everything home. False when somebody did not go.

        Everybody finishes what is on the cart or the bench, in a hurry, and leaves the rest.
        """
        self.hall.is_over = self.hall.leaves_reserve = True
        self.stage.speed *= HURRY
        for actor in self.crew.actors:
            actor.wake()
        all_gone = self.run(lambda: self.crew.has_gone, self.plan.home_s)
        self.run(lambda: all(self.marks(device).depth == 0 for device in self.devices), QUIET_S)
        return all_gone

    def stop(self) -> None:
        """End whatever still runs."""
        self.probe.stop()
        self.pages.stop()
        for device in self.devices:
            device.end()
        self.network.close()
        self.hub.stop()
        self.stage.close()

    @property
    def still_at_work(self) -> list[str]:
        """Who has not gone home, and what keeps them."""
        return self.crew.still_here

    @property
    def files(self) -> list[tuple[str, Path]]:
        """Every device's own database."""
        return [(one.name, one.outbox_file) for one in self.devices] + [(NAME, self.probe.file)]

    @property
    def events(self) -> int:
        """How many events people's devices have given out."""
        return sum(self.marks(device).given_out for device in self.devices)

    @staticmethod
    def marks(device: LiveHandheld) -> Marks:
        """What the device's file says; nothing before it has one."""
        try:
            with closing(sqlite3.connect(f"file:{device.outbox_file}?mode=ro", uri=True)) as file:
                row = file.execute("SELECT SUM(last_seq), SUM(acked_upto) FROM epochs").fetchone()
        except sqlite3.Error:
            return Marks(0, 0)
        return Marks(int(row[0] or 0), int(row[1] or 0))

    # ── victims ──────────────────────────────────────────────────────────────────────────

    @property
    def can_be_struck(self) -> bool:
        """Whether enough is up to be worth it: what is kept dead shows nothing."""
        are_on = sum(device.view is not None for device in self.devices)
        is_hub_there = time.monotonic() - self.probe.last_ack_s < RESPITE_S
        return is_hub_there and 2 * are_on > len(self.devices)

    def hub_pids(self) -> list[int]:
        """The supervisor and all its parts."""
        pids = [self.hub.pid, *map(self.hub.pid_of, PARTS)]
        return [pid for pid in pids if pid is not None]

    def kill_supervisor(self) -> bool:
        """SIGKILL; its parts die with it, and it is started again a moment later."""
        pid = self.hub.pid
        if pid is None or self._is_restarting or not processes.kill(pid):
            return False
        self._is_restarting = True
        self.supervisor_kills += 1
        self.stage.after(
            START_AGAIN_S, lambda: self.stage.carry_out(self._start_hub, self._hub_started)
        )
        return True

    def _start_hub(self) -> None:
        for _ in range(START_TRIES - 1):
            try:
                self.hub.start()
                return
            except DemoFailed:
                time.sleep(START_PAUSE_S)
        self.hub.start()

    def _hub_started(self, _answer: object, raised: Exception | None) -> None:
        self._is_restarting = False
        if raised is not None:
            raise raised

    @property
    def _death_file(self) -> Path:
        return self.config.data / "next-death"

    @property
    def has_appointed_death(self) -> bool:
        """Whether a part is still to die at a named point."""
        return self._death_file.exists()

    def appoint_death(self, line: str) -> None:
        """The next start of the part named in the line dies at the point named there."""
        beside = self._death_file.with_suffix(".new")
        beside.write_text(line)
        beside.replace(self._death_file)

    def knock(self) -> None:
        """Somebody gives a wrong password, which the pages write down."""
        address, port = self.config.inner_host, self.config.port
        self.stage.carry_out(lambda: wrong_log_in(address, port), lambda _answer, _raised: None)

    def what_links_did(self) -> dict[str, int]:
        """Connections that were reset, packets that came twice and too late: over all links."""
        names = ("resets", "doubled", "swapped")
        return {name: sum(getattr(link, name) for link in self.links.values()) for name in names}

    def set_clock(self, device: LiveHandheld, shift_s: int) -> None:
        set_shift(_clock_file(device), shift_s * 1_000_000)

    # ── what it means to be back ─────────────────────────────────────────────────────────

    def hub_back(self) -> Back:
        """An event that was made after this moment is acknowledged: the second one from now."""
        wanted = self.probe.acks + 2
        return lambda: self.probe.acks >= wanted

    def part_back(self, part: Part, killed_pid: int | None = None) -> Back:
        """What shows that this part does its work; after a kill, in another process."""
        if part == "web":
            began_s = time.monotonic()
            return lambda: self.pages.last_ok_s > began_s
        if part == "planner":
            return lambda: self.hub.pid_of(part) not in {None, killed_pid}
        return self.hub_back()

    def device_back(self, device: LiveHandheld, killed_pid: int | None = None) -> Back:
        """Its screen is on, and something of it was acknowledged, or it waits for nothing.

        After a kill it must be another process than the killed one.
        """
        before = self.marks(device).acknowledged

        def is_back() -> bool:
            view, marks = device.view, self.marks(device)
            if view is None or device.pid in {None, killed_pid}:
                return False
            return marks.acknowledged > before or (view.is_hub_online and marks.depth == 0)

        return is_back

    def all_devices_back(self) -> Back:
        backs = [self.device_back(device) for device in self.devices]
        return lambda: all(is_back() for is_back in backs)


def _clock_file(device: LiveHandheld) -> Path:
    return device.outbox_file.parent / "clock"
