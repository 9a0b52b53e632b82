"""When faults strike, when they end, and how long it takes until all is back. Owns the timetable.

Seeded: one seed chooses the same faults at the same moments; what they hit is the machine's affair.
First chaos, where several things are broken at any moment; then one fault after the other, which
alone says how long the product takes to be back.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

from simulators.campaigns.faults.catalogue import Back, Fault, Strike
from simulators.campaigns.faults.record import Record

if TYPE_CHECKING:
    from simulators.campaigns.faults.world import FaultWorld

TRY_AGAIN_S: Final = 0.2
LOOK_S: Final = 0.05
PAUSE_S: Final = 0.5
"""Between two faults that come one after the other."""
PAIRS: Final = 0.25
"""Share of strikes that come with a second one at the same moment."""
BACK_MAX_S: Final = 60.0
"""What is not back by then is counted as never back."""


class Agenda(Protocol):
    """Where things are entered that happen later."""

    def after(self, seconds: float, do: Callable[[], None]) -> object:
        """Have it done so many seconds from now."""
        ...


class Chaos:
    """Strikes until told to stop."""

    def __init__(
        self, agenda: Agenda, world: FaultWorld, faults: Sequence[Fault], chance: Random,
        mean_s: float, record: Record,
    ) -> None:  # fmt: skip
        self._agenda, self._world, self._faults = agenda, world, faults
        self._chance, self._mean_s, self.record = chance, mean_s, record
        self._weights = [fault.weight for fault in faults]
        self._to_come: deque[Fault] = deque()
        self._in_force = 0
        self._is_on = False

    def start(self) -> None:
        """Strike at random moments, several at once."""
        self._is_on = True
        self._plan_next()

    def stop(self) -> None:
        """Strike no more; what is in force ends at its time."""
        self._is_on = False
        self._to_come.clear()

    @property
    def is_over(self) -> bool:
        """Whether every fault has ended, and everything is back or was given up."""
        return not (self._is_on or self._in_force or self._to_come)

    def one_by_one(self, faults: Iterable[Fault]) -> None:
        """Strike with each, and with the next one once all is back."""
        self._to_come.extend(faults)
        self._next_alone()

    # ── striking ─────────────────────────────────────────────────────────────────────────

    def _plan_next(self) -> None:
        self._agenda.after(self._chance.expovariate(1 / self._mean_s), self._next)

    def _next(self) -> None:
        if not self._is_on:
            return
        if self._world.can_be_struck:
            self._strike(self._choose())
            if self._chance.random() < PAIRS:
                self.record.pairs += self._strike(self._choose())
        self._plan_next()

    def _choose(self) -> Fault:
        return self._chance.choices(self._faults, self._weights)[0]

    def _next_alone(self) -> None:
        if not self._to_come:
            return
        if self._strike(self._to_come[0], self._next_alone):
            self._to_come.popleft()
        else:
            self._agenda.after(TRY_AGAIN_S, self._next_alone)

    def _strike(self, fault: Fault, then: Callable[[], None] | None = None) -> bool:
        """False when nobody is there to be struck. `then` is for a fault that comes alone."""
        lasts_s = self._chance.uniform(*fault.lasts_s)
        strike = fault.strike(self._world, self._chance)
        if strike is None:
            return False
        self.record.struck(fault.name)
        self._in_force += 1
        self._agenda.after(lasts_s, lambda: self._end(fault, strike, then))
        return True

    # ── and after ────────────────────────────────────────────────────────────────────────

    def _end(self, fault: Fault, strike: Strike, then: Callable[[], None] | None) -> None:
        strike.end()
        self._wait(fault, strike.look(), time.monotonic(), then)

    def _wait(
        self, fault: Fault, is_back: Back, ended_s: float, then: Callable[[], None] | None
    ) -> None:
        took_s = time.monotonic() - ended_s
        if is_back():
            self.record.came_back(fault.name, took_s, is_alone=then is not None)
        elif took_s < BACK_MAX_S:
            self._agenda.after(LOOK_S, lambda: self._wait(fault, is_back, ended_s, then))
            return
        else:
            self.record.gave_up(fault.name)
        self._in_force -= 1
        if then is not None:
            self._agenda.after(PAUSE_S, then)
