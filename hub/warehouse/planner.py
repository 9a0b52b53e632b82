"""The planner: brings waves forward, hands out work, ends leases, settles counts that waited, and
follows the hub's clock when it is set.
Owns no table and no clock.

`step` does what can be done now, in virtual time as well; `run_planner` is the process around it.
Planning reads outside of any transaction; what it found is entered by a short act of its own.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from functools import partial
from random import SystemRandom
from typing import Any, Final, Protocol, TypeVar

import structlog

from hub.clock import SystemClock
from hub.command import Command
from hub.db import fetch
from hub.devices import day_roots
from hub.errors import HubError, WrongState
from hub.journal import Journal
from hub.opening import open_database, write_log_anew
from hub.process.stop_signal import stop_signal
from hub.warehouse import (
    clock_jumps,
    comparing,
    counts,
    kept_work,
    leases,
    queries,
    reserve,
    service,
    streaming,
)
from hub.warehouse.acts import (
    AllocateWave,
    AskDevices,
    CancelWave,
    CloseWave,
    ExpireLeases,
    OfferWaiting,
    PlanWave,
    ReleaseWave,
    RemindOfKept,
    ReserveOffer,
    SettleCount,
    ShareReserve,
    StoreComparison,
    StorePreview,
)
from hub.warehouse.models import Assignment, Wave
from hub.warehouse.states import TERMINAL

IDLE_S: Final = 0.2
"""Between two looks while there is nothing to do."""
SLICES_MAX: Final = 200
"""Slices of one wave in one step; the rest follows in the next."""

SLICES: Final[dict[str, Callable[[bytes], Command[bool]]]] = {
    "allocate_wave": AllocateWave,
    "release_wave": ReleaseWave,
    "cancel_wave": CancelWave,
}
T = TypeVar("T")
_log = structlog.get_logger("planner")


class PlannerConfig(Protocol):
    """What the process needs to know."""

    @property
    def database(self) -> str: ...
    @property
    def site(self) -> str: ...


def step(journal: Journal, site: str, now_us: int | None = None) -> int:
    """Do everything that waits for the planner; returns how many acts that took.

    Safe to repeat and to kill at any point; 0 means that nothing is left to do before somebody
    else acts or time passes.
    """
    at_us = journal.clock.now_us() if now_us is None else now_us
    done = _expire_leases(journal, site, at_us)
    done += _remind_of_kept(journal, site, at_us)
    done += _settle_counts(journal, site, at_us)
    done += _stream(journal, site)
    done += sum(_carry_forward(journal, site, id) for id in _waves_under_way(site))
    done += _close_waves(journal, site)
    done += _offer_work(journal, site)
    return done + _compare(journal, site)


def _carry_out(journal: Journal, site: str, command: Command[T]) -> T:
    return journal.carry_out(command, site=site, via="planner")


# --- waves ----------------------------------------------------------------------------------------


def _waves_under_way(site: str) -> list[bytes]:
    query: Any = (
        Wave.select(Wave.id)
        .where((Wave.site == site) & Wave.state.in_(("PLANNED", "ALLOCATING", "ALLOCATED")))
        .order_by(Wave.priority.desc(), Wave.created_at, Wave.code)
        .tuples()
    )
    return [id for (id,) in query]


def _carry_forward(journal: Journal, site: str, wave: bytes) -> int:
    """Bring one wave as far as it is meant to go; what changed meanwhile is seen next time.

    A wave that is refused never keeps the others waiting.
    """
    try:
        return sum(1 for _ in _slices(journal, site, wave))
    except (service.PlanChanged, WrongState) as changed:
        _log.info("plan changed", wave=wave.hex(), code=changed.code)
        return 0


def _slices(journal: Journal, site: str, wave: bytes) -> Iterator[str]:
    for _ in range(SLICES_MAX):
        name = _next_act(queries.wave(wave))
        if name is None:
            return
        _do(journal, site, wave, name)
        yield name


def _next_act(wave: Wave) -> str | None:
    """What a wave needs next on the way to its goal."""
    if wave.state not in ("PLANNED", "ALLOCATING", "ALLOCATED"):
        return None
    if wave.goal == "CANCELLED":
        return "cancel_wave"
    preview = queries.preview_of(wave)
    if wave.state == "PLANNED":
        if preview is None:
            return "store_preview"
        return "allocate_wave" if wave.goal else None
    if wave.state == "ALLOCATING":
        return "allocate_wave"
    if preview is None or not preview.is_final:
        return "store_preview"
    return "release_wave" if wave.goal == "RELEASED" else None


def _do(journal: Journal, site: str, wave: bytes, name: str) -> None:
    if name == "store_preview":
        preview = service.make_preview(site, queries.wave(wave))
        _carry_out(journal, site, StorePreview(wave, preview))
        return
    _carry_out(journal, site, SLICES[name](wave))


def _close_waves(journal: Journal, site: str) -> int:
    """Waves whose work, or whose goods on the floor, are all gone."""
    live = Assignment.select(1).where(
        (Assignment.wave == Wave.id) & Assignment.state.not_in(TERMINAL)
    )
    states = ("RELEASED", "IN_PROGRESS", "HELD", "COMPLETED")
    query: Any = (
        Wave.select(Wave.id, Wave.state)
        .where((Wave.site == site) & Wave.state.in_(states) & ~queries.exists(live))
        .tuples()
    )
    done = 0
    for id, state in list(query):
        if state == "COMPLETED" and queries.has_goods_on_the_floor(id):
            continue
        _carry_out(journal, site, CloseWave(id))
        done += 1
    return done


def _stream(journal: Journal, site: str) -> int:
    stream = streaming.stream_of(site)
    orders = streaming.next_orders(site, stream) if stream.is_on else []
    if not orders:
        return 0

    plan = PlanWave(
        tuple(orders), method=stream.method, slots=stream.slots, lines_max=stream.lines_max,
        title="streamed", goal="RELEASED",
    )  # fmt: skip
    try:
        _carry_out(journal, site, plan)
    except service.NothingToPlan:
        return 0
    return 1


def _compare(journal: Journal, site: str) -> int:
    """One wave on another cart, after everybody who waits for work."""
    asked = comparing.next_asked(partial(fetch, journal.database), site)
    if asked is None:
        return 0
    id, slots = asked
    figures = comparing.compute(queries.wave(id), slots)
    _carry_out(journal, site, StoreComparison(id, slots, figures))
    return 1


# --- counts ---------------------------------------------------------------------------------------


def _settle_counts(journal: Journal, site: str, now_us: int) -> int:
    """Counts for which every device has been heard; the others ask where devices are."""
    done = sum(_settle_count(journal, site, id) for id in counts.ready(site))
    if counts.is_time_to_ask(site, now_us):
        done += bool(_carry_out(journal, site, AskDevices()))
    return done


def _settle_count(journal: Journal, site: str, count: bytes) -> bool:
    """One that is refused stays, and keeps nobody else waiting."""
    try:
        return _carry_out(journal, site, SettleCount(count))
    except HubError as refusal:
        _log.warning("count not settled", count=count.hex(), code=refusal.code)
        return False


# --- people ---------------------------------------------------------------------------------------


def _offer_work(journal: Journal, site: str) -> int:
    """Whoever waits is served first; then work ahead is shared out, or asked back."""
    rows = partial(fetch, journal.database)
    if reserve.can_serve_waiting(rows, site):
        return _carry_out(journal, site, OfferWaiting())
    plan = reserve.plan(rows, site)
    if plan.is_empty:
        return 0
    offers = tuple(ReserveOffer(*offer) for offer in plan.offers)
    return _carry_out(journal, site, ShareReserve(offers, plan.asks))


def _expire_leases(journal: Journal, site: str, now_us: int) -> int:
    over = leases.over(partial(fetch, journal.database), site, now_us)
    if not (over.ended or over.kept):
        return 0
    return _carry_out(journal, site, ExpireLeases(over.ended, over.kept))


def _remind_of_kept(journal: Journal, site: str, now_us: int) -> int:
    found = kept_work.look(partial(fetch, journal.database), site, now_us)
    if not (found.forgotten or found.over):
        return 0
    return _carry_out(journal, site, RemindOfKept(found.forgotten, found.over))


# --- the process ----------------------------------------------------------------------------------


def run_planner(config: PlannerConfig) -> None:
    """Plan for the site until SIGTERM, and begin its days.

    What cannot be done now is said and tried again. Raises DiskFailed.
    """
    database = open_database(config.database)
    write_log_anew(database)
    journal = Journal(database, SystemClock(), SystemRandom())
    watch = clock_jumps.JumpWatch(journal.clock)
    jumped_us = clock_jumps.set_back_since(journal, config.site)
    with stop_signal() as stop_fd:
        while not select.select([stop_fd], [], [], IDLE_S)[0]:
            try:
                jumped_us += watch.look()
                clock_jumps.follow_if_set(journal, config.site, jumped_us)
                jumped_us = 0
                day_roots.keep_if_due(journal, config.site)
                while step(journal, config.site):
                    pass
            except HubError as refusal:
                _log.warning("not planned", code=refusal.code, **refusal.values())
