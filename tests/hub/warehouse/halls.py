"""Random halls and stops for the tour tests, and a slow way to be sure: Held and Karp."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, combinations

import msgspec
from hypothesis import strategies as st

from hub.warehouse.walkways import Place, Spot, Walkways


class Case(msgspec.Struct, frozen=True):
    """One question to a tour planner."""

    walkways: Walkways
    stops: tuple[Spot, ...]
    start: Spot
    end: Spot


def _lines(least: int, most: int, spacing: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
    gaps = st.lists(spacing, min_size=least - 1, max_size=most - 1)
    return gaps.map(lambda steps: list(accumulate(steps, initial=0)))


def halls(blocks_max: int = 3) -> st.SearchStrategy[Walkways]:
    """Small halls with uneven aisles and blocks."""
    return st.builds(
        Walkways,
        _lines(1, 5, st.integers(1, 6)).map(tuple),
        _lines(2, blocks_max + 1, st.integers(1, 12)).map(tuple),
    )


def spots(walkways: Walkways) -> st.SearchStrategy[Spot]:
    """Places anywhere on the aisles, corners included."""
    aisles = st.integers(0, len(walkways.aisle_x_cm) - 1)
    return st.builds(Spot, aisles, st.integers(0, walkways.cross_y_cm[-1]))


@st.composite
def cases(draw: st.DrawFn, stops_max: int = 7, blocks_max: int = 3) -> Case:
    """Closed and open tours, with stops at one place, at corners and at the ends."""
    walkways = draw(halls(blocks_max))
    places = spots(walkways)
    start = draw(places)
    end = draw(st.one_of(st.just(start), places))
    stops = draw(st.lists(places, max_size=stops_max))
    return Case(walkways, tuple(stops), start, end)


def shortest_cm(walkways: Walkways, stops: Sequence[Place], start: Place, end: Place) -> int:
    """The length of a shortest tour, by trying all subsets (Held and Karp 1962)."""
    indices = range(len(stops))
    best = {(1 << i, i): walkways.distance_cm(start, stops[i]) for i in indices}
    for size in range(2, len(stops) + 1):
        for members in combinations(indices, size):
            mask = sum(1 << i for i in members)
            for last in members:
                best[mask, last] = min(
                    best[mask ^ (1 << last), i] + walkways.distance_cm(stops[i], stops[last])
                    for i in members
                    if i != last
                )
    everything = (1 << len(stops)) - 1
    ways_home = [best[everything, i] + walkways.distance_cm(stops[i], end) for i in indices]
    return min(ways_home, default=walkways.distance_cm(start, end))
