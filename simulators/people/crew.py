"""Puts people into a hall: who picks, packs, puts away and looks after it, and when the day's work
is done.

The same for virtual and live worlds; only the stage and the devices differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Final

from hub.journal import Journal
from hub.warehouse import order_pool, service
from hub.warehouse.streaming import Stream
from simulators.furnishing import Badge, Furnished
from simulators.hall import Hall
from simulators.people.actors import Actor, Stage
from simulators.people.desk import Desk
from simulators.people.device_in_hand import Habits
from simulators.people.packer import Packer
from simulators.people.picker import Picker
from simulators.people.stower import Stower
from simulators.people.supervisor import Supervisor
from simulators.truth import Truth, seed_differences
from simulators.virtual.handheld import Handheld

HABITS: Final = Habits()
STREAM: Final = Stream(is_on=True, slots=6, lines_max=120, orders_max=60, orders_ahead=6)
_BUSY: Final = (
    "SELECT (SELECT COUNT(*) FROM assignment WHERE site = ? AND state NOT IN "
    "('COMPLETED', 'CANCELLED')) + (SELECT COUNT(*) FROM wave WHERE site = ? AND state IN "
    "('PLANNED', 'ALLOCATING', 'ALLOCATED')) + (SELECT COUNT(*) FROM parcel WHERE state = 'OPEN') "
    "+ (SELECT COUNT(*) FROM floor_exception WHERE site = ? AND state <> 'RESOLVED') "
    "+ (SELECT COUNT(*) FROM order_line WHERE allocated + released + picked + packed > 0)"
)


class Crew:
    """Everybody who works in one hall."""

    def __init__(
        self, stage: Stage, hall: Hall, journal: Journal, site: str, furnished: Furnished,
        chance: Callable[[str], Random], on_act: Callable[[], None] = lambda: None,
        habits: Habits = HABITS, stream: Stream = STREAM,
    ) -> None:  # fmt: skip
        self._stage, self.hall, self._journal, self._site = stage, hall, journal, site
        self._chance, self._habits, self._stream = chance, habits, stream
        self.actors: list[Actor] = []
        self.pickers: list[Picker] = []
        self.packers: list[Packer] = []
        self._doing: dict[str, Callable[[], str]] = {"supervisor": lambda: "looks at the page"}
        for who in furnished.pickers:
            self._add_picker(who)
        for who, bench in zip(furnished.packers, hall.benches, strict=True):
            packer = Packer(hall, bench, Desk(journal, site, who))
            bench.wake = self._play(who.name, packer.script()).wake
            self.packers.append(packer)
            self._doing[who.name] = packer.doing
        self.stowers = [self._add_stower(who) for who in furnished.stowers]
        hands = [who.badge for who in furnished.pickers]
        self.supervisor = Supervisor(
            hall, Desk(journal, site, furnished.supervisor, on_act), stream, hands
        )
        self._play("supervisor", self.supervisor.script())

    def _add_picker(self, who: Badge) -> None:
        picker = Picker(
            self.hall, who.badge, who.pin, self._chance(f"picker/{who.badge}"), self._habits
        )
        actor = self._play(who.name, picker.script())
        picker.device.on_device = partial(_watch, actor.wake)
        self.pickers.append(picker)
        self._doing[who.name] = picker.doing

    def _add_stower(self, who: Badge) -> Stower:
        stower = Stower(self.hall, Desk(self._journal, self._site, who), self._habits)
        self._play(who.name, stower.script())
        self._doing[who.name] = stower.doing
        return stower

    def _play(self, name: str, script: object) -> Actor:
        actor = Actor(name, script, self._stage)  # type: ignore[arg-type]  # a script
        self.actors.append(actor)
        return actor

    def start(self) -> None:
        for actor in self.actors:
            actor.start()

    @property
    def has_gone(self) -> bool:
        """Whether everybody went home."""
        return all(actor.is_done for actor in self.actors)

    @property
    def still_here(self) -> list[str]:
        """Who has not gone home, and what keeps them."""
        staying = [actor.name for actor in self.actors if not actor.is_done]
        return [f"{name} ({self._doing[name]()})" for name in staying]

    @property
    def looks_idle(self) -> bool:
        """Whether a glance through the hall shows nothing left to do. Asks no hub."""
        return (
            self.hall.is_bench_empty
            and not self.hall.put_backs
            and all(packer.is_idle for packer in self.packers)
            and all(stower.is_idle for stower in self.stowers)
            and not any(self.hall.truth.of(picker.hand) for picker in self.pickers)
        )

    def is_all_done(self) -> bool:
        """Whether the hub has nothing left that could be picked, packed or settled. Reads only."""
        desk = Desk(self._journal, self._site, Badge(bytes(16), "", "", ""))
        if desk.rows(_BUSY, (self._site, self._site, self._site))[0][0]:
            return False
        if order_pool.due_orders(self._site, order_pool.OrderFilter(orders_max=1)):
            return False
        waiting = order_pool.refillable_orders(self._site, 100)
        stream = self._stream
        preview = service.preview_orders(
            self._site, waiting, slots=stream.slots, lines_max=stream.lines_max
        )
        return preview.lines == 0


def _watch(wake: Callable[[], None], device: Handheld | None) -> None:
    if device is not None:
        device.on_change = wake


def make_hall(furnished: Furnished, chance: Random, devices: Iterable[Handheld]) -> Hall:
    """A hall as the books say, but for the bins that are wrong from the beginning."""
    truth = Truth()
    truth.begin(furnished.books, seed_differences(furnished.books, chance))
    shelves: dict[str, list[bytes]] = {}
    for (_, code), item in furnished.books:
        shelves.setdefault(code, []).append(item)
    hall = Hall(furnished.floor, truth, furnished.articles, shelves, len(furnished.packers))
    hall.rack.extend(devices)
    return hall
