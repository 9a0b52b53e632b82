"""Where people can walk, and how far it is. Owns the metric that tours and simulated people use.

Walkways are aisle centre lines, cut by cross-aisle centre lines at right angles. All lengths are
integer centimetres; y grows from the front. Nothing here knows bins, tours or pictures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol, TypeVar

import msgspec

Point = tuple[int, int]
"""(x_cm, y_cm) on the floor."""

Corner = TypeVar("Corner")


class Place(Protocol):
    """Anything that stands on an aisle's centre line: a bin, a depot, a person."""

    @property
    def aisle(self) -> int:
        """Counted from 0, left to right."""

    @property
    def y_cm(self) -> int:
        """Distance from the front cross-aisle's centre line."""


class Spot(msgspec.Struct, frozen=True, order=True):
    """A place and nothing more."""

    aisle: int
    y_cm: int


class Walkways(msgspec.Struct, frozen=True):
    """Aisle centre lines by x, cross-aisle centre lines by y, both ascending.

    The first cross-aisle is the front one; there are at least two.
    """

    aisle_x_cm: tuple[int, ...]
    cross_y_cm: tuple[int, ...]

    @property
    def blocks(self) -> int:
        return len(self.cross_y_cm) - 1

    def point(self, place: Place) -> Point:
        return self.aisle_x_cm[place.aisle], place.y_cm

    def block_of(self, y_cm: int) -> int:
        """The block that holds this y; a cross-aisle belongs to the block behind it."""
        behind = sum(1 for y in self.cross_y_cm[1:-1] if y <= y_cm)
        return min(behind, self.blocks - 1)

    def distance_cm(self, a: Place, b: Place) -> int:
        """The shortest walk between two places."""
        if a.aisle == b.aisle:
            return abs(a.y_cm - b.y_cm)
        across = abs(self.aisle_x_cm[a.aisle] - self.aisle_x_cm[b.aisle])
        ya, yb = a.y_cm, b.y_cm
        return across + min([abs(ya - y) + abs(y - yb) for y in self.cross_y_cm])

    def corners(self, a: Place, b: Place) -> tuple[Spot, ...]:
        """The corners of one shortest walk, both ends included.

        Of equally short walks it takes the one by the front-most cross-aisle, so a drawn tour
        and a walking person always agree.
        """
        start, end = Spot(a.aisle, a.y_cm), Spot(b.aisle, b.y_cm)
        if a.aisle == b.aisle:
            return _without_repeats((start, end))
        y = min(self.cross_y_cm, key=lambda y: abs(a.y_cm - y) + abs(y - b.y_cm))
        return _without_repeats((start, Spot(a.aisle, y), Spot(b.aisle, y), end))

    def path(self, a: Place, b: Place) -> tuple[Point, ...]:
        """The same corners as points on the floor."""
        return tuple(self.point(corner) for corner in self.corners(a, b))


def path_cm(path: tuple[Point, ...]) -> int:
    """The length of a path whose legs run along aisles and cross-aisles."""
    return sum(abs(x2 - x1) + abs(y2 - y1) for (x1, y1), (x2, y2) in pairwise(path))


def along(path: tuple[Point, ...], walked_cm: int) -> Point:
    """Where somebody is after walking this far; at the last point when the path is shorter."""
    left_cm = max(0, walked_cm)
    for (x1, y1), (x2, y2) in pairwise(path):
        leg_cm = abs(x2 - x1) + abs(y2 - y1)
        if left_cm < leg_cm:
            return x1 + _towards(x2 - x1, left_cm), y1 + _towards(y2 - y1, left_cm)
        left_cm -= leg_cm
    return path[-1]


def joined(paths: tuple[tuple[Point, ...], ...]) -> tuple[Point, ...]:
    """Paths that each begin where the one before ended, as one path."""
    return _without_repeats(tuple(point for path in paths for point in path))


def _towards(leg_cm: int, walked_cm: int) -> int:
    return (leg_cm > 0) * walked_cm - (leg_cm < 0) * walked_cm


def _without_repeats(points: tuple[Corner, ...]) -> tuple[Corner, ...]:
    return points[:1] + tuple(b for a, b in pairwise(points) if a != b)
