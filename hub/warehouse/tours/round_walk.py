"""From stretches that are walked to the order in which a person comes by.

Any connected set of stretches whose ends are met evenly often can be walked in one go (Euler;
the walk is found as Hierholzer did, by inserting round trips). Owns that order alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.warehouse.tours.sweep import Stretch
from hub.warehouse.walkways import Spot


def spots_in_walking_order(stretches: Iterable[Stretch], start: Spot) -> list[Spot]:
    """Every corner and place of one walk from `start` that takes each stretch its times.

    For an open walk, `start` is one of its ends and the other one comes last.
    """
    neighbours = _neighbours(stretches)
    pending, walked = [start], []
    while pending:
        here = pending[-1]
        onward = neighbours.get(here)
        if onward:
            there = onward.pop()
            neighbours[there].remove(here)
            pending.append(there)
        else:
            walked.append(pending.pop())
    return walked[::-1]


def _neighbours(stretches: Iterable[Stretch]) -> dict[Spot, list[Spot]]:
    neighbours: dict[Spot, list[Spot]] = {}
    for one, other, times in stretches:
        neighbours.setdefault(one, []).extend([other] * times)
        neighbours.setdefault(other, []).extend([one] * times)
    return neighbours
