"""Plays a file on the bench that is open, while people watch. Owns its thread, one at a time.

The world must be the one that the file was recorded in, and nobody must have worked in it since;
`binlight sim play` makes a world for each file.
"""

from __future__ import annotations

import threading
from typing import Any

from simulators.errors import SimulatorsError
from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.player import StepFailed, play
from simulators.tester_bench.scenario import Scenario, Step


class AlreadyPlaying(SimulatorsError):
    code = "ALREADY_PLAYING"

    def __init__(self, title: str) -> None:
        self.title = title
        super().__init__(f"{title!r} is being played; wait until it is over.")


class PlayingHere:
    """The session that is being played on this bench, and how the last one ended."""

    def __init__(self, bench: TesterBench) -> None:
        self._bench = bench
        self._thread: threading.Thread | None = None
        self._told: dict[str, Any] = {}

    def told(self) -> dict[str, Any]:
        """Title, step, of how many, what it is doing, and how it ended; empty before the first."""
        return dict(self._told)

    def start(self, scenario: Scenario) -> None:
        """Play it in the background. Raises AlreadyPlaying."""
        if self._thread is not None and self._thread.is_alive():
            raise AlreadyPlaying(str(self._told.get("title")))
        self._told = {"title": scenario.title, "n": 0, "of": len(scenario.steps), "end": ""}
        self._thread = threading.Thread(target=self._play, args=(scenario,), daemon=True)
        self._thread.start()

    def _play(self, scenario: Scenario) -> None:
        try:
            play(self._bench, scenario, told=self._tell)
            self._told |= {"end": "as expected", "step": ""}
        except StepFailed as failed:
            self._told |= {"end": f"step {failed.n}: {failed.why}"}

    def _tell(self, n: int, step: Step) -> None:
        self._told |= {"n": n, "step": str(step)}
