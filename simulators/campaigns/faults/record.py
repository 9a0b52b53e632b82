"""What happened in a campaign: how often each fault, how soon all was back. Owns the counting."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import Any, Final

LATE_S: Final = 30.0
"""Everything must be back by itself within this."""


class Record:
    """Counts of one run.

    A recovery is *alone* when nothing else was struck meanwhile: only those say how long the
    product takes. Among others it ends with the last of several faults, and is kept apart.
    """

    def __init__(self) -> None:
        self._times: dict[str, int] = defaultdict(int)
        self._alone_s: dict[str, list[float]] = defaultdict(list)
        self._among_others_s: dict[str, list[float]] = defaultdict(list)
        self._never: dict[str, int] = defaultdict(int)
        self.pairs = 0
        """Strikes that came together with another one."""

    def struck(self, name: str) -> None:
        self._times[name] += 1

    def came_back(self, name: str, took_s: float, *, is_alone: bool) -> None:
        (self._alone_s if is_alone else self._among_others_s)[name].append(took_s)

    def gave_up(self, name: str) -> None:
        """It was not back when the waiting ended."""
        self._never[name] += 1

    @property
    def strikes(self) -> int:
        return sum(self._times.values())

    @property
    def never_back(self) -> int:
        return sum(self._never.values())

    @property
    def slowest_s(self) -> float:
        """Of the recoveries that were alone."""
        return max((took_s for found in self._alone_s.values() for took_s in found), default=0.0)

    @property
    def late(self) -> int:
        """Recoveries alone that took longer than they may."""
        return sum(took_s > LATE_S for found in self._alone_s.values() for took_s in found)

    def of(self, name: str) -> dict[str, Any]:
        """One fault's row in the report."""
        alone_s = self._alone_s[name]
        return {
            "times": self._times[name],
            "recovered_alone": len(alone_s),
            "recovered_s_median": round(median(alone_s), 2) if alone_s else None,
            "recovered_s_max": round(max(alone_s), 2) if alone_s else None,
            "among_others_s_max": round(max(self._among_others_s[name], default=0.0), 2),
            "never_back": self._never[name],
        }
