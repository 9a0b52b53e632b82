"""Time, chance and the order of things in a simulation. Owns the agenda and seeded random numbers.

In virtual time nothing waits: the clock jumps to the next entry of the agenda. Entries of one
moment happen in the order in which they were entered, so one seed gives one world.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import Final

from edge.clock import Now

FIRST_MOMENT_US: Final = 1_767_596_400_000_000
"""2026-01-05 07:00 UTC, a Monday: when virtual shifts begin."""
BOOTED_BEFORE_MS: Final = 60_000
"""The machines were switched on a minute before anything happens."""


class VirtualClock:
    """The one clock of a virtual world: the hub's and every device's."""

    def __init__(self, at_us: int = FIRST_MOMENT_US) -> None:
        self.at_us = self._began_us = at_us

    def now_us(self) -> int:
        return self.at_us

    def mono_ms(self) -> int:
        return (self.at_us - self._began_us) // 1_000 + BOOTED_BEFORE_MS

    def now(self) -> Now:
        return Now(self.at_us, self.mono_ms())


class Entry:
    """Something on the agenda; `drop` takes it off again."""

    __slots__ = ("do", "due_us")

    def __init__(self, due_us: int, do: Callable[[], None]) -> None:
        self.due_us = due_us
        self.do: Callable[[], None] | None = do

    def drop(self) -> None:
        self.do = None


class Agenda:
    """What is to happen when. Knows no clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Entry]] = []
        self._entered = 0

    def at(self, due_us: int, do: Callable[[], None]) -> Entry:
        """Enter something; of one moment, what was entered first comes first."""
        self._entered += 1
        entry = Entry(due_us, do)
        heapq.heappush(self._heap, (due_us, self._entered, entry))
        return entry

    @property
    def next_due_us(self) -> int | None:
        """When the next thing is due; None when nothing is left."""
        while self._heap and self._heap[0][2].do is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now_us: int) -> Callable[[], None] | None:
        """The next thing that is due by now, taken off; None when there is none."""
        due_us = self.next_due_us
        if due_us is None or due_us > now_us:
            return None
        return heapq.heappop(self._heap)[2].do


class World:
    """Virtual time over one agenda, and chance by name."""

    def __init__(self, seed: int, at_us: int = FIRST_MOMENT_US) -> None:
        self.seed = seed
        self.clock = VirtualClock(at_us)
        self.agenda = Agenda()

    def chance(self, name: str) -> Random:
        """Random numbers of one part of the world: no other part can shift them."""
        return chance(self.seed, name)

    def after(self, seconds: float, do: Callable[[], None]) -> Entry:
        """Enter something so many seconds from now."""
        return self.agenda.at(self.clock.at_us + round(seconds * 1_000_000), do)

    def run(self, until_us: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let things happen until the moment, or until it is over, or until nothing is left."""
        while not is_over():
            due_us = self.agenda.next_due_us
            if due_us is None or due_us > until_us:
                self.clock.at_us = max(self.clock.at_us, until_us)
                return
            self.clock.at_us = max(self.clock.at_us, due_us)
            do = self.agenda.take(self.clock.at_us)
            if do is not None:
                do()


def chance(seed: int, name: str) -> Random:
    """The same seed and name give the same numbers, on every machine."""
    return Random(f"{seed}/{name}")
