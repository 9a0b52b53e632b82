"""`binlight bench faults`: chaos, quiet, audit over a live warehouse. Owns the course of one run.

It passes when no event was lost or applied twice, the books balance, and everything came back by
itself. What each figure means stands in docs/faults.md.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import structlog

from hub.config import HubConfig
from hub.db import fetch
from simulators import checkers
from simulators.campaigns.faults.catalogue import FAULTS, Fault, Said
from simulators.campaigns.faults.chaos import Chaos
from simulators.campaigns.faults.ledger import Audit, audit, ideal_of
from simulators.campaigns.faults.record import Record
from simulators.campaigns.faults.trials import TRIALS, run_trials
from simulators.campaigns.faults.world import FaultPlan, FaultWorld
from simulators.ports import free_port
from simulators.world import chance

EVENTS: Final = 3_400
"""Three seeds make ten thousand."""
EVENTS_A_KILL: Final = 20
AT_WORK: Final = 10
"""So many events, and people are at work: chaos may begin."""
MEAN_S: Final = 1.0
"""Between two strikes."""
ORDERS_FOR_EVENTS: Final = 40
"""A bundled order makes about so many events."""
SAY_S: Final = 15.0
LOOK_S: Final = 1.0
MINUTES_MAX: Final = 20.0
BACK_S: Final = 70.0
KILLED: Final = '"status": -9'


def measure(
    say: Callable[[str], None], scale: float = 1.0, seed: int = 7, events: int = 0,
    minutes: float = MINUTES_MAX,
) -> dict[str, Any]:  # fmt: skip
    """One run over a warehouse, and one trial of each fault that needs a world of its own.

    `events` (or the scale) says how long chaos reigns, `minutes` how long at the most.
    """
    _log_to_stderr()
    wanted = events or round(EVENTS * scale)
    with tempfile.TemporaryDirectory(prefix="binlight-faults-") as folder:
        found = Campaign(Path(folder), seed, wanted, minutes, say).run()
    return {**found, "trials": run_trials(TRIALS, seed, min(1.0, wanted / EVENTS), say)}


def _log_to_stderr() -> None:
    """The standard output belongs to the report."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


class Campaign:
    """One run over one world."""

    def __init__(
        self, folder: Path, seed: int, events: int, minutes: float, say: Callable[[str], None],
        faults: tuple[Fault, ...] = FAULTS, plan: FaultPlan | None = None, mean_s: float = MEAN_S,
    ) -> None:  # fmt: skip
        self._seed, self._events, self._minutes, self._say = seed, events, minutes, say
        self._kills = events // EVENTS_A_KILL
        self.faults = [fault for fault in faults if fault.is_possible()]
        self._skipped = [fault.name for fault in faults if not fault.is_possible()]
        config = HubConfig(
            folder=str(folder), port=free_port(0), broker_port=free_port(0)
        ).check()  # fmt: skip
        orders = max(20, 2 * events // ORDERS_FOR_EVENTS)
        self.world = FaultWorld(plan or FaultPlan(seed, orders=orders), config)
        self.record = Record()
        self._chaos = Chaos(
            self.world.stage, self.world, self.faults, chance(seed, "chaos"), mean_s, self.record
        )  # fmt: skip
        self._began_s = time.monotonic()
        self._events_seen = self._kills_seen = 0
        self._say_at_s = 0.0

    def run(self) -> dict[str, Any]:
        """Chaos, quiet, audit. Everything is ended, whatever happens."""
        world = self.world
        with ExitStack() as ending:
            ending.callback(world.stop)
            world.start()
            self._look()
            world.run(lambda: self._events_seen >= AT_WORK, MINUTES_MAX * 60)
            self._reign()
            self._chaos.stop()
            world.run(lambda: self._chaos.is_over, BACK_S)
            self._one_by_one()
            self._say("closing time")
            world.calm_down()
            staying = world.still_at_work
            for who in staying:
                self._say(f"  still at work: {who}")
        return self._report(staying)

    def _reign(self) -> None:
        """Until enough was done and enough was killed."""
        self._chaos.start()
        try:
            self.world.run(
                lambda: self._events_seen >= self._events and self._kills_seen >= self._kills,
                self._minutes * 60,
            )
        except KeyboardInterrupt:
            self._say("Ending the chaos …")

    def _one_by_one(self) -> None:
        """Each fault alone, for a clean measure of how soon all is back."""
        try:
            self._chaos.one_by_one(self.faults)
            self.world.run(lambda: self._chaos.is_over, self._minutes * 60)
        except KeyboardInterrupt:
            self._say("Ending the faults …")
        self._chaos.stop()

    def _look(self) -> None:
        """Reading every device's file costs something, so it is done once a second."""
        self._events_seen, self._kills_seen = self.world.events, self.kills
        elapsed_s = time.monotonic() - self._began_s
        if elapsed_s >= self._say_at_s:
            self._say_at_s = elapsed_s + SAY_S
            self._say(
                f"{elapsed_s:5.0f} s  {self._events_seen} events, {self._kills_seen} kills, "
                f"{self.record.strikes} faults"
            )
        self.world.stage.after(LOOK_S, self._look)

    @property
    def kills(self) -> int:
        """Processes that a SIGKILL ended: agents, parts of the hub, supervisors."""
        deaths = sum(device.deaths for device in self.world.devices)
        return deaths + self._said(Said("hub", KILLED)) + self.world.supervisor_kills

    # ── the end ──────────────────────────────────────────────────────────────────────────

    def _report(self, staying: list[str]) -> dict[str, Any]:
        world = self.world
        database, site = world.journal.database, world.config.site
        found = audit(database, site, ideal_of(site, world.files))
        for detail in found.details:
            self._say(f"  {detail}")
        truth = checkers.compare_world(database, site, world.hall.truth)
        for detail in truth.details[:10]:
            self._say(f"  {detail}")
        report = {
            **self._figures(found),
            "world_mismatch": truth.mismatches if not staying else None, "still_at_work": staying,
            "verify": checkers.verified(database),
            "faults": {fault.name: self._row(fault) for fault in self.faults},
            "impossible_here": self._skipped, "seed": self._seed,
            "seconds": round(time.monotonic() - self._began_s, 1),
        }  # fmt: skip
        database.close()
        return report

    def _figures(self, found: Audit) -> dict[str, Any]:
        return {
            "events": found.sent, "kills": self.kills, "strikes": self.record.strikes,
            "pairs": self.record.pairs, "events_lost": found.lost, "events_doubled": found.doubled,
            "events_parked": found.parked, "balance_mismatch": found.balance_mismatch,
            "line_mismatch": found.line_mismatch, "never_back": self.record.never_back,
            "late": self.record.late,
            "recovered_s_max": round(self.record.slowest_s, 2),
            "links": self.world.what_links_did(),
        }  # fmt: skip

    def _row(self, fault: Fault) -> dict[str, Any]:
        said = {f"{one.source}: {one.words}": self._said(one) for one in fault.says}
        return {**self.record.of(fault.name), "number": str(fault.number), "said": said}

    def _said(self, said: Said) -> int:
        """How often the product said it."""
        data = self.world.config.data
        if said.source == "exceptions":
            sql = "SELECT COUNT(*) FROM floor_exception WHERE kind = ?"
            return int(fetch(self.world.journal.database, sql, (said.words,))[0][0])
        pattern = {
            "hub": "hub.log", "agents": "devices/*/agent.log",
        }.get(said.source, f"logs/{said.source}.log*")  # fmt: skip
        texts = (file.read_text(errors="replace") for file in data.glob(pattern))
        return sum(text.count(said.words) for text in texts)
