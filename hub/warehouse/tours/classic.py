"""The rules of thumb that pickers are taught: S-shape, largest gap, and the list as it stands.

They are the baseline beside a planned tour. In several blocks both go up the leftmost pick aisle
to the farthest block with picks and come back block by block, each block begun at the nearer end
(Roodbergen and de Koster 2001). Lengths are those of the walk as the rule prescribes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from hub.warehouse.tours.tour import Method, Tour, refuse_places_off_the_floor, tour_cm
from hub.warehouse.walkways import Place, Spot, Walkways

_AislePicks = list[tuple[int, list[int]]]
"""The aisles of one block in the order they are met, each with the y of its picks."""


def s_shape(walkways: Walkways, stops: Sequence[Place], *, start: Place, end: Place) -> Tour:
    """Every aisle with picks is walked through; the last of a block may be left as it was entered.

    Raises PlaceOffTheFloor.
    """
    return _by_rule(walkways, stops, start, end, "s-shape", _snake)


def largest_gap(walkways: Walkways, stops: Sequence[Place], *, start: Place, end: Place) -> Tour:
    """The outer aisles are walked through, the others from both ends up to their largest gap.

    Raises PlaceOffTheFloor.
    """
    return _by_rule(walkways, stops, start, end, "largest-gap", _around)


def as_listed(walkways: Walkways, stops: Sequence[Place], *, start: Place, end: Place) -> Tour:
    """The stops in the order in which they were given. Raises PlaceOffTheFloor."""
    refuse_places_off_the_floor(walkways, stops, start, end)
    order = tuple(range(len(stops)))
    length_cm = tour_cm(walkways, stops, order, start, end)
    return Tour(order, length_cm, "as-listed", None, "The stops as they were listed.")


class _Route:
    """A walk being built, corner by corner."""

    def __init__(self, walkways: Walkways, start: Place) -> None:
        self.walkways = walkways
        self.corners = [Spot(start.aisle, start.y_cm)]

    @property
    def aisle(self) -> int:
        return self.corners[-1].aisle

    def to(self, aisle: int, *ys_cm: int) -> None:
        """On to these points of an aisle, each by the shortest walk."""
        for y_cm in ys_cm:
            self.corners += self.walkways.corners(self.corners[-1], Spot(aisle, y_cm))[1:]

    def length_cm(self) -> int:
        return sum(self.walkways.distance_cm(a, b) for a, b in pairwise(self.corners))


def _by_rule(
    walkways: Walkways,
    stops: Sequence[Place],
    start: Place,
    end: Place,
    method: Method,
    walk_block: Callable[[_Route, _AislePicks, int, bool], None],
) -> Tour:
    refuse_places_off_the_floor(walkways, stops, start, end)
    route = _Route(walkways, start)
    if stops:
        _walk_blocks(route, stops, walk_block)
    route.to(end.aisle, end.y_cm)
    order = _order_along(route.corners, stops)
    return Tour(order, route.length_cm(), method, None, f"Walked by the {method} rule.")


def _walk_blocks(
    route: _Route,
    stops: Sequence[Place],
    walk_block: Callable[[_Route, _AislePicks, int, bool], None],
) -> None:
    picks = _picks_by_block(route.walkways, stops)
    farthest, left = max(picks), min(stop.aisle for stop in stops)
    route.to(left, route.walkways.cross_y_cm[0], route.walkways.cross_y_cm[farthest])
    for block in sorted(picks, reverse=True):
        if block < farthest:
            picks[block].pop(left, None)
        aisles = sorted(picks[block].items())
        if aisles:
            is_right_nearer = abs(aisles[-1][0] - route.aisle) < abs(aisles[0][0] - route.aisle)
            in_order = aisles[::-1] if block < farthest and is_right_nearer else aisles
            walk_block(route, in_order, block, block == farthest)


def _picks_by_block(walkways: Walkways, stops: Sequence[Place]) -> dict[int, dict[int, list[int]]]:
    picks: dict[int, dict[int, list[int]]] = {}
    for stop in stops:
        aisles = picks.setdefault(walkways.block_of(stop.y_cm), {})
        aisles.setdefault(stop.aisle, []).append(stop.y_cm)
    return picks


def _snake(route: _Route, aisles: _AislePicks, block: int, is_at_front: bool) -> None:
    """Through one aisle after another, ending at the front of the block."""
    front_cm, back_cm = route.walkways.cross_y_cm[block : block + 2]
    for aisle, _ in aisles[:-1]:
        route.to(aisle, *((front_cm, back_cm) if is_at_front else (back_cm, front_cm)))
        is_at_front = not is_at_front
    aisle, ys_cm = aisles[-1]
    route.to(aisle, *((front_cm, max(ys_cm)) if is_at_front else (back_cm,)), front_cm)


def _around(route: _Route, aisles: _AislePicks, block: int, is_at_front: bool) -> None:
    """Along the back of the block, through its last aisle, and home along its front."""
    front_cm, back_cm = route.walkways.cross_y_cm[block : block + 2]
    if is_at_front and len(aisles) == 1:
        _snake(route, aisles, block, is_at_front)
        return
    if is_at_front:
        route.to(aisles[0][0], front_cm, back_cm)
    between = aisles[1 if is_at_front else 0 : -1]
    for aisle, ys_cm in between:
        _, gap_back_cm = _gap(front_cm, ys_cm, back_cm)
        if max(ys_cm) >= gap_back_cm:
            route.to(aisle, back_cm, gap_back_cm, back_cm)
    route.to(aisles[-1][0], back_cm, front_cm)
    for aisle, ys_cm in reversed(between):
        gap_front_cm, _ = _gap(front_cm, ys_cm, back_cm)
        if min(ys_cm) <= gap_front_cm:
            route.to(aisle, front_cm, gap_front_cm, front_cm)


def _gap(front_cm: int, ys_cm: list[int], back_cm: int) -> tuple[int, int]:
    """The longest stretch of an aisle without a pick; of equal ones the front-most."""
    stretches = pairwise((front_cm, *sorted(ys_cm), back_cm))
    return max(stretches, key=lambda stretch: stretch[1] - stretch[0])


def _order_along(corners: Sequence[Spot], stops: Sequence[Place]) -> tuple[int, ...]:
    """The stops in the order in which a walk along these corners first comes by."""
    waiting: dict[int, list[tuple[int, int]]] = {}
    for index, stop in enumerate(stops):
        waiting.setdefault(stop.aisle, []).append((stop.y_cm, index))
    order: list[int] = []
    for here, there in zip(corners, [*corners[1:], corners[-1]], strict=True):
        step = 1 if here.aisle <= there.aisle else -1
        for aisle in range(here.aisle, there.aisle + step, step):
            order += _passed(waiting.get(aisle, []), here.y_cm, there.y_cm)
    return tuple(order)


def _passed(waiting: list[tuple[int, int]], from_cm: int, to_cm: int) -> list[int]:
    """Takes the stops between two points of an aisle out of `waiting`, in walking order."""
    low_cm, high_cm = sorted((from_cm, to_cm))
    met = [stop for stop in waiting if low_cm <= stop[0] <= high_cm]
    waiting[:] = [stop for stop in waiting if not low_cm <= stop[0] <= high_cm]
    return [index for _, index in sorted(met, key=lambda m: (abs(m[0] - from_cm), m[1]))]
