"""A live world: a real hub, real devices, simulated people. Owns its beginning, end and report.

Everything it starts it ends, and everything it writes is in its data folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hub.config import HubConfig
from hub.db import fetch
from hub.setup import prepare
from hub.wiring import open_journal
from simulators import checkers
from simulators.audit import Audit, audited
from simulators.errors import DemoFailed
from simulators.furnishing import Furnisher
from simulators.live.chaos import Chaos
from simulators.live.handheld import LiveHandheld
from simulators.live.hub import LiveHub
from simulators.live.stage import LiveStage
from simulators.people.crew import Crew, make_hall
from simulators.world import chance

LOOK_S: Final = 1.0
QUIET_S: Final = 60.0
"""So long devices may take to bring their last events home: twice the longest resend."""
LINE_S: Final = 23.0
"""Seconds of a picker's time for a line, all walks and errors included [measured in shifts]."""
RUN_S: Final = 110.0
"""How long people's own time should take in a run that ends by itself; machines take theirs."""
SPEED_MAX: Final = 220.0
SPEED_TO_END: Final = 60.0
SPEED_TO_WATCH: Final = 10.0

_PROGRESS: Final = (
    "SELECT (SELECT COUNT(DISTINCT order_id) FROM shipment WHERE state = 'SHIPPED'), "
    "(SELECT COUNT(*) FROM sales_order WHERE state <> 'CANCELLED'), "
    "(SELECT COUNT(*) FROM work_line WHERE state IN ('DONE', 'SHORT')), "
    "(SELECT COUNT(*) FROM work_line WHERE state = 'SHORT'), "
    "(SELECT COUNT(*) FROM floor_exception WHERE state = 'OPEN')"
)


class DemoPlan(NamedTuple):
    """What is asked of a live run."""

    orders: int = 200
    pickers: int = 6
    seed: int = 7
    until_done: bool = False
    speed: float = 0.0
    """0: chosen by what is to be done."""
    kinds: tuple[str, ...] = ()
    kills: int = 0
    kill_within: float = 60.0
    """Kills come in the first so many seconds, so that all are over before the work is done."""
    seconds_max: float = 900.0
    """A run that should end by itself is ended after this."""


class DemoReport(Audit, frozen=True):
    """What `--report` writes; docs/simulator.md says what each number means."""

    seconds: float
    verify: str

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled or different from the world."""
        wrong = (self.events_lost, self.events_doubled, self.world_mismatch)
        return not any(wrong) and self.verify == "ok"


class Progress(NamedTuple):
    """How far the day is."""

    shipped: int
    orders: int
    lines: int
    short: int
    exceptions: int
    kills: int


class DemoWorld:
    """One live world in a data folder."""

    def __init__(self, plan: DemoPlan, config: HubConfig, say: Callable[[str], None]) -> None:
        self.plan, self.config, self._say = plan, config, say
        self._began = time.monotonic()
        self.journal = open_journal(config)
        prepare(config, self.journal)
        furnisher = Furnisher(config, self.journal, chance(plan.seed, "furnishing"))
        packers = max(1, -(-plan.pickers // 2))
        self.furnished = furnisher.furnish(plan.orders, plan.pickers, packers)
        self.lines = self._rows("SELECT COUNT(*) FROM order_line")[0][0]
        self.speed = plan.speed or self._fitting_speed()
        self.stage = LiveStage(self.speed)
        self.hub = LiveHub(config)
        self.devices = [
            LiveHandheld(self.stage, config, name, password)
            for name, password in self.furnished.passwords.items()
        ]
        self.hall = make_hall(self.furnished, chance(plan.seed, "truth"), self.devices)
        self.crew = Crew(
            self.stage, self.hall, self.journal, config.site, self.furnished,
            lambda name: chance(plan.seed, name),
        )  # fmt: skip
        self.chaos = Chaos(
            self.stage, chance(plan.seed, "chaos"), self.hub, self.devices, plan.kinds, plan.kills,
            plan.kill_within,
        )  # fmt: skip
        self.on_progress: Callable[[Progress], None] = lambda _progress: None
        self.on_idle: Callable[[], None] = lambda: None
        self._is_looking = False
        self._ends_at: float | None = None

    def _fitting_speed(self) -> float:
        if not self.plan.until_done:
            return SPEED_TO_WATCH
        needed = int(self.lines) * LINE_S / self.plan.pickers / RUN_S
        return min(SPEED_MAX, max(SPEED_TO_END, needed))

    # ── running ──────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Hub first, then devices, then people. Raises DemoFailed."""
        self.hub.start()
        for device in self.devices:
            device.start()
        self.crew.start()
        self.chaos.start()
        self.stage.after(LOOK_S, self._look)

    def run(self) -> None:
        """Until everybody has gone home and every device is quiet (for ever without until_done)."""
        last = self._began + self.plan.seconds_max
        is_bounded = self.plan.until_done
        self.stage.run(lambda: self.crew.has_gone or (is_bounded and time.monotonic() > last))
        quiet_by = time.monotonic() + QUIET_S
        self.stage.run(
            lambda: all(device.is_quiet for device in self.devices) or time.monotonic() > quiet_by
        )

    def _look(self) -> None:
        if not self.hub.is_running():
            raise DemoFailed("The hub has ended.")
        self.stage.after(LOOK_S, self._look)
        if not self._is_looking:
            self._is_looking = True
            self.stage.carry_out(self._take_stock, self._took_stock)

    def _take_stock(self) -> tuple[Progress, bool]:
        """In a thread: reads only."""
        deaths = sum(device.deaths for device in self.devices)
        kills = deaths + self.chaos.struck_hub
        shipped, orders, lines, short, exceptions = self._rows(_PROGRESS)[0]
        progress = Progress(shipped, orders, lines, short, exceptions, kills)
        return progress, self.crew.looks_idle and self.crew.is_all_done()

    def _took_stock(self, found: tuple[Progress, bool] | None, raised: Exception | None) -> None:
        self._is_looking = False
        if raised is not None or found is None:
            return  # the hub was busy; there is another look in a second
        progress, is_done = found
        self.on_progress(progress)
        if is_done and self.chaos.is_over and self.crew.looks_idle:
            self.on_idle()
            if self.plan.until_done:
                self._close_hall()

    def _close_hall(self) -> None:
        self.hall.is_over = True
        for actor in self.crew.actors:
            actor.wake()

    def stop(self) -> None:
        """End whatever still runs."""
        for device in self.devices:
            device.end()
        self.hub.stop()
        self.stage.close()

    # ── the end ──────────────────────────────────────────────────────────────────────────

    def report(self) -> DemoReport:
        """Audit the databases of hub and devices, and the world. After `stop`."""
        database, site = self.journal.database, self.config.site
        files = [(device.name, device.outbox_file) for device in self.devices]
        audit, world = audited(database, site, checkers.sent_by_files(files), self.hall)
        for detail in world.details[:10]:
            self._say(f"mismatch: {detail}")
        return DemoReport(
            **msgspec.structs.asdict(audit),
            seconds=round(time.monotonic() - self._began, 1),
            verify=checkers.verified(database),
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return fetch(self.journal.database, sql)


def save_report(report: DemoReport, file: Path) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
