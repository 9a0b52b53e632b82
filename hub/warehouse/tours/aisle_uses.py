"""The sensible ways to walk one aisle between two neighbouring cross-aisles.

A shortest tour walks each stretch between neighbouring places once, twice, or not at all, and
leaves out at most one stretch of such an aisle piece: a second gap would strand what lies between.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from hub.warehouse.tours.frontier import AisleShape

NEEDS_REMEMBERED_MAX = 1_000


class AisleNeed(NamedTuple):
    """What a tour has to visit strictly between two cross-aisles.

    `ends_cm` are those of the `places_cm` where an open tour starts or ends.
    """

    front_cm: int
    back_cm: int
    places_cm: tuple[int, ...] = ()
    ends_cm: frozenset[int] = frozenset()

    def stretches(self) -> list[tuple[int, int]]:
        return list(pairwise((self.front_cm, *self.places_cm, self.back_cm)))


class AisleUses(NamedTuple):
    """The ways to walk it, side by side: shape at the ends, length, how often each stretch."""

    shapes: tuple[AisleShape, ...]
    costs_cm: tuple[int, ...]
    times: tuple[tuple[int, ...], ...]


_Use = tuple[AisleShape, int, tuple[int, ...]]


@lru_cache(NEEDS_REMEMBERED_MAX)
def uses_of(need: AisleNeed) -> AisleUses:
    """The cheapest way for each shape, in a fixed order."""
    cheapest: dict[AisleShape, _Use] = {}
    for use in _all_uses(need):
        shape, cost_cm, _ = use
        if shape not in cheapest or cost_cm < cheapest[shape][1]:
            cheapest[shape] = use
    shapes, costs_cm, times = zip(*cheapest.values(), strict=True)
    return AisleUses(shapes, costs_cm, times)


def _all_uses(need: AisleNeed) -> Iterator[_Use]:
    lengths = [back - front for front, back in need.stretches()]
    for first_is_odd in (True, False):
        times = _times_through(need, first_is_odd)
        cost_cm = sum(n * length for n, length in zip(times, lengths, strict=True))
        yield AisleShape(times[0], times[-1], True), cost_cm, times
        for gap in (i for i, n in enumerate(times) if n == 2):
            yield _with_gap(times, gap, cost_cm - 2 * lengths[gap])


def _times_through(need: AisleNeed, first_is_odd: bool) -> tuple[int, ...]:
    """Once where the walk passes, twice where it comes back; an end of the tour changes between."""
    odd, times = first_is_odd, []
    for front_cm, _ in need.stretches():
        odd ^= front_cm in need.ends_cm
        times.append(1 if odd else 2)
    return tuple(times)


def _with_gap(times: tuple[int, ...], gap: int, cost_cm: int) -> _Use:
    walked = (*times[:gap], 0, *times[gap + 1 :])
    return AisleShape(walked[0], walked[-1], False), cost_cm, walked
