"""What a tour is: an order of stops between two places, its length, and why it is this one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from hub.errors import HubError
from hub.warehouse.walkways import Place, Walkways

Method = Literal["exact", "limited", "s-shape", "largest-gap", "as-listed"]


class Tour(msgspec.Struct, frozen=True):
    """`order` holds indices into the stops that were asked for, each exactly once.

    `bound_cm` is a length that no tour over these stops can go below, or None where none was
    proven; equal to `length_cm`, it proves that this tour is a shortest one.
    """

    order: tuple[int, ...]
    length_cm: int
    method: Method
    bound_cm: int | None
    reason: str


class PlaceOffTheFloor(HubError):
    """A stop, start or end does not lie on any aisle of these walkways."""

    code = "PLACE_OFF_THE_FLOOR"

    def __init__(self, what: str, aisle: int, y_cm: int, walkways: Walkways) -> None:
        self.what, self.aisle, self.y_cm = what, aisle, y_cm
        super().__init__(
            f"The {what} at aisle {aisle}, {y_cm} cm is off the floor: aisles run from 0 to "
            f"{len(walkways.aisle_x_cm) - 1}, each from {walkways.cross_y_cm[0]} to "
            f"{walkways.cross_y_cm[-1]} cm."
        )


def tour_cm(
    walkways: Walkways, stops: Sequence[Place], order: Sequence[int], start: Place, end: Place
) -> int:
    """Centimetres from start over the stops in this order to the end, by shortest walks."""
    places = [start, *(stops[index] for index in order), end]
    return sum(walkways.distance_cm(a, b) for a, b in pairwise(places))


def refuse_places_off_the_floor(
    walkways: Walkways, stops: Sequence[Place], start: Place, end: Place
) -> None:
    """Raises PlaceOffTheFloor for the first place that is not on an aisle."""
    aisles = range(len(walkways.aisle_x_cm))
    front_cm, back_cm = walkways.cross_y_cm[0], walkways.cross_y_cm[-1]
    named = [("start", start), ("end", end), *((f"stop {i}", s) for i, s in enumerate(stops))]
    for what, place in named:
        if place.aisle not in aisles or not front_cm <= place.y_cm <= back_cm:
            raise PlaceOffTheFloor(what, place.aisle, place.y_cm, walkways)
