"""Plays a scenario on a bench: act after act, until an expectation fails. Owns pauses and failures.

Steps wait for conditions, never for time; only a scenario's own `after_s` is a pause, and live it
is cut to `PAUSE_MAX_S`, because a tester's thinking need not be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulators.errors import SimulatorsError
from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.scenario import Scenario, Step

PAUSE_MAX_S: Final = 1.0


class StepFailed(SimulatorsError):
    """Which step, what was wanted, what was seen."""

    code = "STEP_FAILED"

    def __init__(self, scenario: str, n: int, step: Step, why: str) -> None:
        self.scenario, self.n, self.step, self.why = scenario, n, step, why
        super().__init__(f"{scenario}: step {n} ({step}): {why}")


def play(
    bench: TesterBench, scenario: Scenario, *, pause_max_s: float = PAUSE_MAX_S,
    told: Callable[[int, Step], None] = lambda _n, _step: None,
) -> None:  # fmt: skip
    """All steps; `told` hears of each before it is done. Raises StepFailed."""
    for n, step in enumerate(scenario.steps, 1):
        told(n, step)
        if step.after_s:
            bench.pause(min(step.after_s, pause_max_s))
        try:
            bench.act(step.act, step.given)
        except SimulatorsError as wrong:
            raise StepFailed(scenario.title, n, step, str(wrong)) from wrong
