"""The shortest connected walk over given spots, by a sweep from the leftmost aisle to the right.

Owns the dynamic programme over frontiers. It keeps for each frontier the cheapest way to reach it,
so the result is exact as long as no frontier had to be dropped; when more than `frontiers_max`
stand at once it keeps the cheapest and still proves how much shorter a walk could at best be.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol

from hub.warehouse.tours.aisle_uses import AisleNeed, AisleUses, uses_of
from hub.warehouse.tours.frontier import (
    Frontier,
    after_aisle,
    after_visit,
    can_close,
    crossings,
    is_tour,
)
from hub.warehouse.walkways import Spot, Walkways

FRONTIERS_MAX = 2_000
"""Exact up to four blocks with room to spare; a named limit on memory and work."""


class Errand(NamedTuple):
    """Where to go: every spot at least once. `ends` are those of an open walk, or nothing."""

    spots: frozenset[Spot]
    ends: frozenset[Spot]


class Stretch(NamedTuple):
    """A straight piece between two neighbouring spots, and how often the walk takes it."""

    one: Spot
    other: Spot
    times: int


class Walk(NamedTuple):
    """The stretches that are walked, their length, and a proven lower bound of every walk."""

    stretches: tuple[Stretch, ...]
    length_cm: int
    bound_cm: int


Times = tuple[int, ...]
_Move = tuple[Frontier, int, Times]
"""What may stand next, what that costs, and how often each stretch is then walked."""

_Costs = dict[Frontier, int]
_Trail = dict[Frontier, tuple[Frontier, Times]]
"""How each frontier was reached: from which one, and how often its stretches were walked."""


class _Step(Protocol):
    """One decision of the sweep. In the last aisle it offers only what can still be closed."""

    @property
    def is_last(self) -> bool:
        """Whether it belongs to the last aisle."""

    def moves(self, frontier: Frontier) -> Iterable[_Move]:
        """Everything that may be decided here."""

    def least_cm(self) -> int:
        """What this decision costs at least."""

    def stretches(self, times: Times) -> Iterator[Stretch]:
        """The stretches walked by a choice."""


def shortest_walk(walkways: Walkways, errand: Errand, frontiers_max: int = FRONTIERS_MAX) -> Walk:
    """The shortest closed walk over all spots, or open walk between the two ends.

    `bound_cm` equals `length_cm` when nothing was dropped. The errand has at least one spot, and
    all its spots lie on the walkways.
    """
    if len({spot.aisle for spot in errand.spots}) == 1:
        return _walk_in_one_aisle(errand)
    steps = list(_steps(walkways, errand))
    least_after_cm = _least_after(steps)
    costs: _Costs = {(0,) * len(walkways.cross_y_cm): 0}
    trails: list[_Trail] = []
    bounds_cm: list[int] = []
    for step, least_cm in zip(steps, least_after_cm, strict=True):
        costs, trail = _advance(costs, step)
        trails.append(trail)
        if len(costs) > frontiers_max and not step.is_last:
            costs, dropped_cm = _cheapest(costs, frontiers_max)
            bounds_cm.append(dropped_cm + least_cm)
    length_cm, frontier = min((cost, f) for f, cost in costs.items() if is_tour(f))
    stretches = _walked(steps, trails, frontier)
    return Walk(stretches, length_cm, min([length_cm, *bounds_cm]))


def _walk_in_one_aisle(errand: Errand) -> Walk:
    """Up and down between the outermost spots, and only once between the ends of an open walk."""
    between = sorted(errand.ends)
    stretches = tuple(
        Stretch(one, other, 1 if between and between[0] <= one < between[1] else 2)
        for one, other in pairwise(sorted(errand.spots))
    )
    length_cm = sum(times * (other.y_cm - one.y_cm) for one, other, times in stretches)
    return Walk(stretches, length_cm, length_cm)


class _CornerStep(NamedTuple):
    """A spot on a crossing of an aisle with a cross-aisle has to be visited."""

    cross: int
    is_end: bool
    is_last: bool

    def moves(self, frontier: Frontier) -> Iterable[_Move]:
        return ((after_visit(frontier, self.cross, self.is_end), 0, ()),)

    def least_cm(self) -> int:
        return 0

    def stretches(self, _times: Times) -> Iterator[Stretch]:
        return iter(())


class _AisleStep(NamedTuple):
    """How to walk one aisle in one block."""

    aisle: int
    block: int
    need: AisleNeed
    uses: AisleUses
    is_last: bool

    def moves(self, frontier: Frontier) -> Iterable[_Move]:
        uses = self.uses
        after = after_aisle(frontier, self.block, uses.shapes)
        moves = zip(after, uses.costs_cm, uses.times, strict=True)
        return filter(self._can_close, moves) if self.is_last else moves

    def _can_close(self, move: _Move) -> bool:
        return can_close(move[0], settled=self.block + 1)

    def least_cm(self) -> int:
        return min(self.uses.costs_cm)

    def stretches(self, times: Times) -> Iterator[Stretch]:
        for (front_cm, back_cm), n in zip(self.need.stretches(), times, strict=True):
            yield Stretch(Spot(self.aisle, front_cm), Spot(self.aisle, back_cm), n)


class _CrossStep(NamedTuple):
    """Which cross-aisles to walk to the next aisle."""

    aisle: int
    walkways: Walkways
    pitch_cm: int
    walks_least: int

    def moves(self, frontier: Frontier) -> Iterable[_Move]:
        pitch_cm = self.pitch_cm
        return [(after, walks * pitch_cm, times) for times, walks, after in crossings(frontier)]

    @property
    def is_last(self) -> bool:
        return False

    def least_cm(self) -> int:
        return self.walks_least * self.pitch_cm

    def stretches(self, times: Times) -> Iterator[Stretch]:
        for y_cm, n in zip(self.walkways.cross_y_cm, times, strict=True):
            yield Stretch(Spot(self.aisle, y_cm), Spot(self.aisle + 1, y_cm), n)


def _steps(walkways: Walkways, errand: Errand) -> Iterator[_Step]:
    """Decisions from the first aisle with a spot to the last: no shortest walk leaves these."""
    by_aisle: dict[int, set[int]] = {}
    for spot in errand.spots:
        by_aisle.setdefault(spot.aisle, set()).add(spot.y_cm)
    first, last = min(by_aisle), max(by_aisle)
    for aisle in range(first, last + 1):
        ends_cm = frozenset(end.y_cm for end in errand.ends if end.aisle == aisle)
        spots_cm = by_aisle.get(aisle, set())
        yield from _aisle_steps(walkways, aisle, spots_cm, ends_cm, aisle == last)
        if aisle < last:
            pitch_cm = walkways.aisle_x_cm[aisle + 1] - walkways.aisle_x_cm[aisle]
            yield _CrossStep(aisle, walkways, pitch_cm, 1 if errand.ends else 2)


def _aisle_steps(
    walkways: Walkways, aisle: int, spots_cm: set[int], ends_cm: frozenset[int], is_last: bool
) -> Iterator[_Step]:
    for cross, y_cm in enumerate(walkways.cross_y_cm):
        if y_cm in spots_cm:
            yield _CornerStep(cross, y_cm in ends_cm, is_last)
    for block, (front_cm, back_cm) in enumerate(pairwise(walkways.cross_y_cm)):
        inside_cm = tuple(sorted(y for y in spots_cm if front_cm < y < back_cm))
        need = AisleNeed(front_cm, back_cm, inside_cm, ends_cm.intersection(inside_cm))
        yield _AisleStep(aisle, block, need, uses_of(need), is_last)


def _least_after(steps: list[_Step]) -> list[int]:
    """For each step, what all later ones cost at least."""
    backwards = accumulate((step.least_cm() for step in reversed(steps)), initial=0)
    return list(backwards)[-2::-1]


def _advance(costs: Mapping[Frontier, int], step: _Step) -> tuple[_Costs, _Trail]:
    after: _Costs = {}
    trail: _Trail = {}
    for frontier, cost_cm in costs.items():
        for nxt, extra_cm, times in step.moves(frontier):
            total_cm = cost_cm + extra_cm
            if nxt not in after or total_cm < after[nxt]:
                after[nxt] = total_cm
                trail[nxt] = (frontier, times)
    return after, trail


def _cheapest(costs: _Costs, frontiers_max: int) -> tuple[_Costs, int]:
    """The cheapest frontiers, and the cost of the cheapest one that was dropped."""
    ranked = heapq.nsmallest(frontiers_max + 1, ((cost, f) for f, cost in costs.items()))
    dropped_cm, _ = ranked.pop()
    return {frontier: cost for cost, frontier in ranked}, dropped_cm


def _walked(steps: list[_Step], trails: list[_Trail], last: Frontier) -> tuple[Stretch, ...]:
    walked: list[Stretch] = []
    frontier = last
    for step, trail in zip(reversed(steps), reversed(trails), strict=True):
        frontier, times = trail[frontier]
        walked += (stretch for stretch in step.stretches(times) if stretch.times)
    return tuple(walked)
