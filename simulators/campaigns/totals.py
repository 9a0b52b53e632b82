"""What campaigns found so far: one JSON line for each run, and their sum. Owns those files.

A campaign may be stopped and continued; each run adds a line, and nothing is ever rewritten. A
count of nothing is only worth as much as it was tried, so each zero is said with its trials: with
none in N, the rate is below 3/N with 95 % confidence.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

RUNS: Final = "runs"
"""How many runs a sum is made of."""
TRIALS: Final = ("images", "repeated", "reads", "events", "inputs")
"""What a campaign tries, by the name of its count; the first that a run has."""
MAX_ENDING: Final = "_max"
"""Of values whose name ends so, the greatest counts; other numbers add up."""
MEDIAN_ENDING: Final = "_median"
"""Of values whose name ends so nothing can be said over several runs."""
OF_ONE_RUN: Final = frozenset({"seed", "machine"})
"""What says how a run was made, and means nothing when added."""


class Totals:
    """The runs of every campaign, in one folder: NAME.jsonl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, run: Mapping[str, Any]) -> None:
        """Append one run, durably and whole; several processes may add at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps(run, sort_keys=True).encode() + b"\n"
        fd = os.open(self._file(name), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _ends_within_a_line(fd):
                line = b"\n" + line
            os.write(fd, line)
            os.fsync(fd)
        finally:
            os.close(fd)

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Every run; a line that a killed campaign left half-written is none."""
        path = self._file(name)
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [run for run in map(_run, lines) if run is not None]

    def sum(self, name: str) -> dict[str, Any]:
        """All runs together: numbers added, also inside of groups; texts are left out.

        Under `zeros` each count of nothing stands beside its trials.
        """
        runs = self.runs(name)
        together: dict[str, Any] = {}
        for run in runs:
            _add(together, run)
        zeros = _zeros(together)
        return {**together, **({"zeros": zeros} if zeros else {}), RUNS: len(runs)}

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"


def beside_trials(found: int, trials: int) -> str:
    """A count with what it was tried: `0 of 10,000 (below 0.0300 %)`."""
    if found or not trials:
        return f"{found:,} of {trials:,}"
    return f"0 of {trials:,} (below {300 / trials:.4f} %)"


def _zeros(together: Mapping[str, Any]) -> dict[str, str]:
    trials = next((together[name] for name in TRIALS if together.get(name)), 0)
    nothing = (name for name, value in together.items() if value == 0)
    return {name: beside_trials(0, trials) for name in nothing} if trials else {}


def _ends_within_a_line(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def _run(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _add(together: dict[str, Any], run: Mapping[str, Any]) -> None:
    for name in run.keys() - OF_ONE_RUN:
        value = run[name]
        if name.endswith(MEDIAN_ENDING):
            continue
        if isinstance(value, Mapping):
            group = together.setdefault(name, {})
            if isinstance(group, dict):
                _add(group, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            before = together.get(name, 0)
            together[name] = max(before, value) if name.endswith(MAX_ENDING) else before + value
