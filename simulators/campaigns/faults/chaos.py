"""When faults strike, when they end, and how long it takes until all is back. Owns the timetable.

Seeded: one seed chooses the same faults at the same moments; what they hit is the machine's affair.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

from simulators.campaigns.faults.catalogue import Back, Fault, Strike
from simulators.campaigns.faults.record import Record

if TYPE_CHECKING:
    from simulators.campaigns.faults.world import FaultWorld

TRY_AGAIN_S: Final = 0.2
LOOK_S: Final = 0.05
PAIRS: Final = 0.25
"""Share of strikes that come with a second one at the same moment."""
BACK_MAX_S: Final = 60.0
"""What is not back by then is counted as never back."""


class Agenda(Protocol):
    """Where things are entered that happen later."""

    def after(self, seconds: float, do: Callable[[], None]) -> object: ...


class Chaos:
    """Strikes until told to stop."""

    def __init__(
        self, agenda: Agenda, world: FaultWorld, faults: Sequence[Fault], chance: Random,
        mean_s: float, record: Record,
    ) -> None:  # fmt: skip
        self._agenda, self._world, self._faults = agenda, world, faults
        self._chance, self._mean_s, self.record = chance, mean_s, record
        self._weights = [fault.weight for fault in faults]
        self._in_force = 0
        self._waited_for = 0
        self._is_on = False

    def start(self) -> None:
        self._is_on = True
        self._plan_next()

    def stop(self) -> None:
        """Strike no more; what is in force ends at its time."""
        self._is_on = False

    @property
    def is_over(self) -> bool:
        """Whether every fault has ended, and everything is back or was given up."""
        return not self._is_on and not self._in_force and not self._waited_for

    # ── striking ─────────────────────────────────────────────────────────────────────────

    def _plan_next(self) -> None:
        self._agenda.after(self._chance.expovariate(1 / self._mean_s), self._next)

    def _next(self) -> None:
        if not self._is_on:
            return
        self._strike(self._choose())
        if self._chance.random() < PAIRS:
            self.record.pairs += self._strike(self._choose())
        self._plan_next()

    def _choose(self) -> Fault:
        return self._chance.choices(self._faults, self._weights)[0]

    def _strike(self, fault: Fault) -> bool:
        """False when nobody is there to be struck."""
        low, high = fault.lasts_s
        lasts_s = self._chance.uniform(low, high)
        strike = fault.strike(self._world, self._chance)
        if strike is None:
            return False
        self.record.struck(fault.name)
        self._in_force += 1
        self._agenda.after(lasts_s, lambda: self._end(fault, strike))
        return True

    # ── and after ────────────────────────────────────────────────────────────────────────

    def _end(self, fault: Fault, strike: Strike) -> None:
        strike.end()
        self._in_force -= 1
        self._waited_for += 1
        self._wait(fault, strike.look(), time.monotonic())

    def _wait(self, fault: Fault, is_back: Back, ended_s: float) -> None:
        took_s = time.monotonic() - ended_s
        if not is_back() and took_s < BACK_MAX_S:
            self._agenda.after(LOOK_S, lambda: self._wait(fault, is_back, ended_s))
            return
        self._waited_for -= 1
        self.record.came_back(fault.name, took_s, is_given_up=took_s >= BACK_MAX_S)
