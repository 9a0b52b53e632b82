"""Writes down what is done on a bench, as a scenario that can be played again.

Owns the times between acts, and what else a replay must wait for: before an act stands what the
device asked for when the tester acted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from simulators.tester_bench.acts import ACTS
from simulators.tester_bench.scenario import Scenario, Step
from simulators.tester_bench.world_plan import WorldPlan


class Recorder:
    """Off at first; may be told of acts from any thread."""

    def __init__(
        self, world: WorldPlan, now_s: Callable[[], float], phase_of: Callable[[str], str]
    ) -> None:
        """`phase_of` says what a device asks for now; "" while it is off."""
        self._world, self._now_s, self._phase_of = world, now_s, phase_of
        self._phases: dict[str, str] = {}
        self._steps: list[Step] = []
        self._last_s = 0.0
        self._lock = threading.Lock()
        self.is_on = False

    @property
    def count(self) -> int:
        return len(self._steps)

    @property
    def last(self) -> tuple[Step, ...]:
        """The newest few, for whoever watches."""
        return tuple(self._steps[-8:])

    def start(self) -> None:
        """Begin anew; what was written before is forgotten."""
        with self._lock:
            self._steps, self._last_s, self.is_on = [], self._now_s(), True
            self._phases.clear()

    def stop(self) -> None:
        self.is_on = False

    def note(self, act: str, given: dict[str, Any]) -> None:
        """Write an act down, with what differs from the defaults."""
        if not self.is_on:
            return
        defaults = {parameter.name: parameter.default for parameter in ACTS[act].parameters}
        said = {name: value for name, value in given.items() if value != defaults[name]}
        with self._lock:
            if "device" in said and not ACTS[act].is_expectation:
                self._note_phase(said["device"])
            now_s = self._now_s()
            self._steps.append(Step(act, said, round(now_s - self._last_s, 1)))
            self._last_s = now_s

    def _note_phase(self, device: str) -> None:
        """Only when it is another than at the device's last act."""
        phase = self._phase_of(device)
        if phase and self._phases.get(device) != phase:
            self._phases[device] = phase
            self._steps.append(Step("expect_phase", {"device": device, "phase": phase}))

    def scenario(self, title: str) -> Scenario:
        """What was written down so far."""
        return Scenario(title, self._world, tuple(self._steps))
