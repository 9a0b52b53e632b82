"""The disk fails under one part of a hub: it must end at once, and another must take up its work.

Owns what makes each part write, and how its end is waited for. A part that saw a flush
fail must not trust what it reads back (docs/faults.md, 4).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from hub.db import fetch
from hub.process.supervise import Child
from simulators.bench.light_devices import TookTooLong
from simulators.campaigns.faults.log_in import wrong_log_in
from simulators.campaigns.faults.picking_site import PickingSite
from simulators.campaigns.faults.processes import failing

Failing = Literal["gateway", "web", "planner"]
END_S: Final = 120.0
BACK_S: Final = 120.0
"""Both only bound a hang: strace alone takes a while to begin."""
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


class Work(NamedTuple):
    """What a part is given to do: while its disk fails, and afterwards."""

    during: Callable[[], object]
    after: Callable[[], object]
    is_done: Callable[[], bool]
    """Whether nothing of it is left."""


def fail_under(site: PickingSite, part: Failing) -> Ended:
    """Let every flush and write of the part fail until it has ended. Raises TookTooLong."""
    work = _WORK[part](site)
    child = site.site.children[part]
    let_go = failing(site.site.process(part).pid, CALLS, "error=EIO")
    try:
        status = _end_of(child, work)
    finally:
        let_go()
    began_s = time.monotonic()
    _until(f"{part} does its work again", lambda: _is_back(child, work), BACK_S)
    log = (site.site.config.data / "logs" / f"{part}.log").read_text(errors="replace")
    said = "database cannot be written" in log
    return Ended(status, said, time.monotonic() - began_s)


def _end_of(child: Child, work: Work) -> int:
    process = child.process
    assert process is not None  # noqa: S101 - it was just asked for its number

    def has_ended() -> bool:
        work.during()
        return process.poll() is not None

    _until(f"{child.plan.name} ends", has_ended, END_S)
    return process.returncode


def _is_back(child: Child, work: Work) -> bool:
    """The supervisor's part; once the next one answers, it does what was left."""
    child.look()
    if child.is_ready:
        work.after()
    return child.is_ready and work.is_done()


def _until(what: str, is_so: Callable[[], bool], most_s: float) -> None:
    until_s = time.monotonic() + most_s
    while not is_so():
        if time.monotonic() > until_s:
            raise TookTooLong(what, most_s)
        time.sleep(PAUSE_S)  # live: nothing here can be woken by the end of a process


# ── what makes a part write: something is always under way, for strace takes a while to begin ──


def _picks(site: PickingSite) -> Work:
    def pick_on() -> None:
        if not site.fleet.waiting:
            site.pick(1)
        site.fleet.step()

    return Work(pick_on, site.fleet.step, lambda: site.fleet.waiting == 0)


def _waves_to_close(site: PickingSite) -> Work:
    def complete_another() -> None:
        if not _unclosed_waves(site):
            site.release_more()
            site.complete_one_wave()

    return Work(complete_another, lambda: None, lambda: not _unclosed_waves(site))


def _unclosed_waves(site: PickingSite) -> int:
    sql = (
        "SELECT COUNT(*) FROM wave w WHERE w.state = 'IN_PROGRESS' AND NOT EXISTS (SELECT 1 FROM "
        "assignment a WHERE a.wave = w.id AND a.state <> 'COMPLETED')"
    )
    return int(fetch(site.site.journal.database, sql)[0][0])


def _guesses(site: PickingSite) -> Work:
    config = site.site.config
    answers: list[int] = []

    def guess() -> None:
        answers[:] = [wrong_log_in(config.inner_host, config.port)]

    return Work(guess, guess, lambda: answers == [401])


_WORK: Final[dict[Failing, Callable[[PickingSite], Work]]] = {
    "gateway": _picks, "planner": _waves_to_close, "web": _guesses,
}  # fmt: skip
