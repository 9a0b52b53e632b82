"""What happened in a campaign: how often each fault, how soon all was back. Owns the counting."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any


class Record:
    """Counts of one run."""

    def __init__(self) -> None:
        self._times: dict[str, int] = defaultdict(int)
        self._back_s: dict[str, list[float]] = defaultdict(list)
        self._never: dict[str, int] = defaultdict(int)
        self.pairs = 0
        """Strikes that came together with another one."""

    def struck(self, name: str) -> None:
        self._times[name] += 1

    def came_back(self, name: str, took_s: float, *, is_given_up: bool = False) -> None:
        if is_given_up:
            self._never[name] += 1
        else:
            self._back_s[name].append(took_s)

    @property
    def strikes(self) -> int:
        return sum(self._times.values())

    @property
    def never_back(self) -> int:
        return sum(self._never.values())

    @property
    def slowest_s(self) -> float:
        return max((max(found) for found in self._back_s.values() if found), default=0.0)

    def times(self, name: str) -> int:
        return self._times[name]

    def of(self, name: str) -> dict[str, Any]:
        """One fault's row in the report."""
        back_s = self._back_s[name]
        return {
            "times": self._times[name],
            "recovered_s_median": round(median(back_s), 2) if back_s else None,
            "recovered_s_max": round(max(back_s), 2) if back_s else None,
            "never_back": self._never[name],
        }

    def names(self) -> list[str]:
        return sorted(self._times)
