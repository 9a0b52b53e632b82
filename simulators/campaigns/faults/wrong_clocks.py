"""The hub's own clock is wrong: in mid-run, in virtual time, and at its start, with real processes.

Owns those trials. A wall clock cannot be set for one process alone, so at the start it is the
books that are of another time: written by a clock that was ahead, they meet one that was set back.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hub.clock import SystemClock
from hub.db import fetch
from hub.process.supervise import ChildPlan
from simulators.campaigns.faults.picking_site import PickingSite
from simulators.virtual.faults import FaultPlan
from simulators.virtual.hub_clock import HubClock
from simulators.virtual.shift import Shift, ShiftPlan

DAY_US: Final = 86_400_000_000
ORDERS: Final = 30
MEAN_S: Final = 60.0
"""Between two jumps, on average."""
ANSWER_S: Final = 30.0
LATER_S: Final = 10 * 86_400


class Jumped(NamedTuple):
    """How a shift went whose hub did not know the time."""

    is_clean: bool
    facts: dict[str, Any]


def shift_with_jumps(folder: Path, seed: int, scale: float) -> Jumped:
    """A whole shift in virtual time; only the hub's clock is set, again and again."""
    plan = ShiftPlan(seed, orders=max(6, round(ORDERS * scale)), pickers=3,
                     faults=FaultPlan(("clock",), MEAN_S))  # fmt: skip
    shift = Shift(plan, folder)
    report = shift.run()
    told = count_of(shift.journal.database, "security_event", "kind = 'CLOCK_JUMPED'")
    wrong = report.events_lost + report.events_doubled + report.world_mismatch
    facts = {
        "events": report.events_sent, "jumps": shift.hub_clock.jumps, "told": told,
        "lost": report.events_lost, "doubled": report.events_doubled, "done": report.is_done,
        "world_mismatch": report.world_mismatch, "verify": report.verify,
    }  # fmt: skip
    is_clean = not wrong and report.verify == "ok" and report.is_done and told > 0
    return Jumped(is_clean and shift.hub_clock.jumps > 0, facts)


def start_on(site: PickingSite, books_ahead_us: int, *, later: bool) -> dict[str, Any]:
    """Books of another time, then gateway and planner by the true clock (`later`: with monotonic
    clocks that are ten days ahead of everybody else's); returns what was seen. Everything that
    waits must be said and answered.
    """
    clock = HubClock(SystemClock())
    clock.be_wrong_by(books_ahead_us)
    site.site.journal.clock = clock
    site.pick(5)
    site.say_something()
    clock.be_wrong_by(0)
    for part in ("gateway", "planner"):
        site.site.start_plan(_plan(site, part, later=later))
    site.pick(5)
    site.settle()
    answered_s = _answered(site, jumps=books_ahead_us > 0)
    return {
        "jumps_told": _told(site), "unanswered": _unanswered(site),
        "answered_s_max": round(answered_s, 1),
    }  # fmt: skip


def _plan(site: PickingSite, part: str, *, later: bool) -> ChildPlan:
    plan = site.site.plan(part)
    if not later:
        return plan
    unshare = ("unshare", "-T", f"--monotonic={LATER_S}", f"--boottime={LATER_S}")
    return msgspec.structs.replace(plan, command=(*unshare, *plan.command))


def _answered(site: PickingSite, *, jumps: int) -> float:
    """Until every command is answered and so many jumps are told, or ANSWER_S."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < ANSWER_S:
        site.fleet.step()
        if not _unanswered(site) and _told(site) >= jumps:
            break
    return time.monotonic() - began_s


def _unanswered(site: PickingSite) -> int:
    return count_of(site.site.journal.database, "outbox_message", "state <> 'ACCEPTED'")


def _told(site: PickingSite) -> int:
    return count_of(site.site.journal.database, "security_event", "kind = 'CLOCK_JUMPED'")


def count_of(database: Any, table: str, where: str) -> int:
    return int(fetch(database, f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0])


@cache
def can_have_own_time() -> bool:
    """Whether a process may have monotonic clocks of its own (time namespaces), and then reads
    them: a program that is started in place of another could have kept the machine's.
    """
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-T", f"--monotonic={LATER_S}", sys.executable, "-c",
         "import time; print(time.monotonic())"], capture_output=True, check=False,
    )  # fmt: skip
    return tried.returncode == 0 and float(tried.stdout) > time.monotonic() + LATER_S / 2
