"""The disk fails under one part of a hub: it must end at once, and another must take up its work.

Owns what makes each part write, and how its end is waited for. A part that saw a flush
fail must not trust what it reads back (docs/faults.md, 4).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final, Literal, NamedTuple

from hub.db import fetch
from hub.process.supervise import Child
from simulators.bench.light_devices import TookTooLong
from simulators.campaigns.faults.log_in import wrong_log_in
from simulators.campaigns.faults.picking_site import PickingSite
from simulators.campaigns.faults.processes import failing

Failing = Literal["gateway", "web", "planner"]
END_S: Final = 20.0
BACK_S: Final = 30.0
PAUSE_S: Final = 0.1
CALLS: Final = "fdatasync,fsync,pwrite64"


class Ended(NamedTuple):
    """How a part took it."""

    status: int
    """EX_IOERR: it ended because it knew."""
    said: bool
    """Whether its log names the failure."""
    back_s: float
    """From the end of the fault until the part's work was done again."""


def fail_under(site: PickingSite, part: Failing) -> Ended:
    """Let every flush and write of the part fail until it has ended. Raises TookTooLong."""
    write, is_done = _work_of(site, part)
    child = site.site.children[part]
    let_go = failing(site.site.process(part).pid, CALLS, "error=EIO")
    try:
        status = _end_of(child, write)
    finally:
        let_go()
    began_s = time.monotonic()
    _until(f"{part} does its work again", lambda: _look(child, write) and is_done(), BACK_S)
    log = (site.site.config.data / "logs" / f"{part}.log").read_text(errors="replace")
    said = "database cannot be written" in log
    return Ended(status, said, time.monotonic() - began_s)


def _end_of(child: Child, write: Callable[[], object]) -> int:
    process = child.process
    assert process is not None  # noqa: S101 - it was just asked for its number

    def has_ended() -> bool:
        write()
        return process.poll() is not None

    _until(f"{child.plan.name} ends", has_ended, END_S)
    return process.returncode


def _look(child: Child, write: Callable[[], object]) -> bool:
    """The supervisor's part; once it answers, it is given work again."""
    child.look()
    if child.is_ready:
        write()
    return child.is_ready


def _until(what: str, is_so: Callable[[], bool], most_s: float) -> None:
    until_s = time.monotonic() + most_s
    while not is_so():
        if time.monotonic() > until_s:
            raise TookTooLong(what, most_s)
        time.sleep(PAUSE_S)  # live: nothing here can be woken by the end of a process


# ── what makes a part write ──────────────────────────────────────────────────────────────────


def _work_of(site: PickingSite, part: Failing) -> tuple[Callable[[], object], Callable[[], bool]]:
    """What makes the part write, and whether it has."""
    if part == "gateway":
        return partial(_pick_on, site), lambda: site.fleet.waiting == 0
    if part == "planner":
        site.release_more()
        closed = _closed_waves(site)
        site.complete_one_wave()
        return _nothing, lambda: _closed_waves(site) > closed
    config = site.site.config
    answers: list[int] = []

    def knock() -> None:
        answers[:] = [wrong_log_in(config.inner_host, config.port)]

    return knock, lambda: answers == [401]


def _pick_on(site: PickingSite) -> None:
    """Something is always under way: one of the flushes is the failing one's."""
    if not site.fleet.waiting:
        site.pick(1)
    site.fleet.step()


def _nothing() -> None:
    """The planner looks by itself."""


def _closed_waves(site: PickingSite) -> int:
    sql = "SELECT COUNT(*) FROM wave WHERE state IN ('COMPLETED', 'CLOSED')"
    return int(fetch(site.site.journal.database, sql)[0][0])
