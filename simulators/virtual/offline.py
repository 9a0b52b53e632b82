"""Hours without the hub in virtual time: some devices go away with their reserve. The hub works on
with others, cancels, counts, takes work back and gives it to somebody else; then they come back.

Owns the story and its report. Everybody in it is the shift's own: real cores, people, truth.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hub.db import fetch
from hub.warehouse.acts import SetReserve
from hub.warehouse.conflicts import CONFLICTS
from hub.warehouse.streaming import Stream
from simulators import checkers
from simulators.people.actors import Actor
from simulators.people.desk import Desk
from simulators.people.device_in_hand import Habits
from simulators.people.meddling import Meddler
from simulators.virtual.handheld import VirtualHandheld
from simulators.virtual.shift import QUIET_S, Shift, ShiftPlan, last_hash

QUICK: Final = Habits(
    walk_cm_s=150.0, scan_s=0.8, reach_s=1.2, piece_s=0.15, type_s=1.4, lines_to_break=100_000
)
"""People who know their way and take no break."""
ONE_BY_ONE: Final = Stream(
    is_on=True, method="SINGLE", slots=1, lines_max=120, orders_max=60, orders_ahead=6
)
SPARE: Final = 1.3
"""Reserve is longer than the time away: nobody stands still."""
PREPARE_S: Final = 7_200.0
AFTER_S: Final = 8 * 3_600.0
LOOK_S: Final = 5.0
EVERY_DAY: Final = frozenset({"SHORT_PICK", "UNEXPLAINED_STOCK", "PACK_DIFFERENCE", "HELP"})
"""Kinds that any shift has, whoever is away: bins are wrong from the beginning, and people err."""
CAN_COME_ABOUT: Final = frozenset(
    {"PICKED_BY_ANOTHER", "ORDER_CANCELLED_PICKED", "UNITS_CANCELLED", "STOCK_GONE_PICKED",
     "TOTE_PACKED_EARLY", "TOTE_SHARED"}
)  # fmt: skip
"""Conflicts of this story that leave something to a person; its others need nobody."""
LEFT_TO_PEOPLE: Final = EVERY_DAY | {
    found.opens for found in CONFLICTS if found.name in CAN_COME_ABOUT
}
"""Every other kind of exception must close by itself."""
BY_ITSELF: Final = ("BACK", "LET_GO", "UNDONE", "COUNTED_AGAIN")


class OfflinePlan(NamedTuple):
    """What is asked of the story."""

    seed: int = 7
    hours: float = 8.0
    devices: int = 3
    others: int = 3
    orders: int = 264


class Away(msgspec.Struct, frozen=True):
    """One device, from the moment it was out of reach until it was back."""

    device: str
    events: int
    assignments: int
    """Pieces of work that it finished."""


class OfflineReport(msgspec.Struct, frozen=True):
    """How it ended. `manual_repairs`: exceptions left to people that need nobody by the table."""

    seed: int
    hash: str
    is_done: bool
    hours_away: float
    away: tuple[Away, ...]
    drain_s: float
    """From the radio's return until the hub had heard everything."""
    meddled: dict[str, int]
    events_sent: int
    events_lost: int
    events_doubled: int
    world_mismatch: int
    exceptions: dict[str, int]
    manual_repairs: int
    orders_shipped: int
    verify: str
    mismatches: tuple[str, ...] = ()


class Offline:
    """The story, over one shift."""

    def __init__(self, plan: OfflinePlan, folder: Path) -> None:
        self.plan = plan
        people = plan.devices + plan.others
        self.shift = Shift(
            ShiftPlan(plan.seed, orders=plan.orders, pickers=people, habits=QUICK,
                      stream=ONE_BY_ONE),
            folder,
        )  # fmt: skip
        self._world = self.shift.world
        self.away: dict[str, tuple[VirtualHandheld, int, int]] = {}
        desk = Desk(
            self.shift.journal, self.shift.config.site, self.shift.furnished.supervisor,
            self.shift.hub_acted,
        )  # fmt: skip
        desk.carry_out(SetReserve(min(1_400, round(plan.hours * 60 * SPARE))))
        self.meddler = Meddler(desk, self.shift.hall, self._world.chance("meddler"))

    def run(self) -> OfflineReport:
        """Play it to its end."""
        self._begin()
        self._run(PREPARE_S, lambda: len(self.away) == self.plan.devices)
        self._let_work_on()
        self._run(self.plan.hours * 3_600, lambda: False)
        away = tuple(self._come_back(*known) for known in self.away.values())
        drain_s = self._run(QUIET_S, self._is_drained)
        self.shift.look()
        self._run(AFTER_S, lambda: self.shift.crew.has_gone)
        is_done = self.shift.crew.has_gone
        self.shift.let_rest()
        return self._report(away, drain_s, is_done=is_done)

    def _begin(self) -> None:
        """Those who go away come first, so that the reserve is theirs."""
        self.shift.switch_on()
        for actor in (*self._pickers[: self.plan.devices], self._supervisor):
            actor.start()
        self._world.after(LOOK_S, self._look_who_is_ready)

    @property
    def _pickers(self) -> list[Actor]:
        return self.shift.crew.actors[: self.plan.devices + self.plan.others]

    @property
    def _supervisor(self) -> Actor:
        return self.shift.crew.actors[-1]

    def _look_who_is_ready(self) -> None:
        """A device goes away at the beginning of a piece of work, with its reserve behind it."""
        for device in self.shift.devices:
            core = device.core
            if core is None or device.name in self.away or core.state.phase != "TOTES":
                continue
            work = core.state.work
            has_begun = work is not None and any(slot.totes for slot in work.progress.slots)
            if not has_begun and self._has_enough(device):
                device.switch_radio(is_on=False)
                self.away[device.name] = (device, core.outbox.last_seq, _finished(device))
        if len(self.away) < self.plan.devices:
            self._world.after(1.0, self._look_who_is_ready)

    def _has_enough(self, device: VirtualHandheld) -> bool:
        rows = fetch(
            self.shift.journal.database,
            "SELECT SUM(work_s) FROM assignment WHERE device = ? AND state = 'ASSIGNED'",
            (device.name,),
        )
        return int(rows[0][0] or 0) >= self.plan.hours * 3_600 * (SPARE - 0.15)

    def _let_work_on(self) -> None:
        """The hub's own day: others pick, packers pack, and somebody meddles."""
        for actor in self.shift.crew.actors[self.plan.devices : -1]:
            actor.start()
        pause_s = self.plan.hours * 3_600 / 24
        for n in range(1, 20):
            self._world.after(n * pause_s, lambda: self.meddler.meddle(list(self.away)))

    def _come_back(self, device: VirtualHandheld, seq: int, finished: int) -> Away:
        assert device.core is not None  # noqa: S101 - nobody switches it off here
        events = device.core.outbox.last_seq - seq
        device.switch_radio(is_on=True)
        return Away(device.name, events, _finished(device) - finished)

    def _is_drained(self) -> bool:
        return all(d.core is not None and not d.core.outbox.depth for d, *_ in self.away.values())

    def _run(self, seconds: float, is_over: Callable[[], bool]) -> float:
        """Let time pass; returns how much did."""
        began_us = self._world.clock.at_us
        self._world.run(began_us + round(seconds * 1_000_000), is_over)
        return round((self._world.clock.at_us - began_us) / 1_000_000, 1)

    # ── the report ───────────────────────────────────────────────────────────────────────

    def _report(self, away: tuple[Away, ...], drain_s: float, *, is_done: bool) -> OfflineReport:
        shift, database = self.shift, self.shift.journal.database
        sent = checkers.sent_by_cores(shift.devices)
        delivered = checkers.check_events(database, shift.config.site, sent)
        world = checkers.compare_world(database, shift.config.site, shift.hall.truth)
        kinds = _count(fetch(database, "SELECT kind FROM floor_exception"))
        return OfflineReport(
            seed=self.plan.seed, hash=last_hash(database, shift.config.site), is_done=is_done,
            hours_away=self.plan.hours, away=away, drain_s=drain_s, meddled=self.meddler.done,
            events_sent=delivered.sent, events_lost=delivered.lost,
            events_doubled=delivered.doubled, world_mismatch=world.mismatches,
            exceptions=kinds, manual_repairs=self._repairs(),
            orders_shipped=checkers.count_work(database, shift.config.site).orders_shipped,
            verify=checkers.verified(database), mismatches=world.details,
        )  # fmt: skip

    def _repairs(self) -> int:
        """What stayed for a person, or was settled by one, although it needs nobody."""
        rows = fetch(
            self.shift.journal.database,
            "SELECT kind, state, resolution, resolved_by FROM floor_exception",
        )
        return sum(kind not in LEFT_TO_PEOPLE and not _by_itself(kind, *row) for kind, *row in rows)


def _by_itself(kind: str, state: str, resolution: str, resolved_by: Any) -> bool:
    """Whether no person had anything to do with its end. A count that waited carries the name of
    whoever counted; only one settled early was somebody's decision.
    """
    if state != "RESOLVED" or resolution in BY_ITSELF:
        return state == "RESOLVED"
    if kind == "COUNT_WAITING":
        return "early" not in resolution
    return resolved_by is None or not any(bytes(resolved_by))


def _finished(device: VirtualHandheld) -> int:
    """How many pieces of work the device's memory says it has completed."""
    assert device.core is not None  # noqa: S101 - nobody switches it off here
    outbox = device.core.outbox
    position = outbox.position(outbox.epoch, 0)
    rows = outbox.rows_after(position, 10**6) if position is not None else []
    return sum(b'"AssignmentCompleted"' in row.payload for row in rows)


def _count(rows: list[tuple[Any, ...]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (kind,) in rows:
        found[kind] = found.get(kind, 0) + 1
    return dict(sorted(found.items()))


def run_offline(plan: OfflinePlan) -> OfflineReport:
    """Play it in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="binlight-offline-") as folder:
        return Offline(plan, Path(folder)).run()
