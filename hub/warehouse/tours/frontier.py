"""What must be known about a half-built tour to finish it: the frontier of a left-to-right sweep.

Ratliff and Rosenthal (Operations Research 31, 1983) saw that a shortest tour of one block can be
built aisle by aisle from a handful of states, because only the ends of the newest aisle meet what
is still to come. The same holds for more blocks, where the frontier is one mark for each
cross-aisle (Roodbergen and de Koster 2001 for two; Pansart, Catusse and Cambazard 2018 for any).
This module owns those marks and how each act changes them. It knows no lengths.

A mark is 0 where the tour has not come yet, else 2 × part + oddness: `part` numbers the connected
part of the tour, by first appearance from the front; `oddness` is 1 after an odd number of visits.
Reachable frontiers, at the end of an aisle: 5, 23, 111, 567, 3,031 for 2 to 6 cross-aisles.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

Frontier = tuple[int, ...]

FRONTIERS_REMEMBERED_MAX = 50_000


class AisleShape(NamedTuple):
    """How one aisle piece meets its two cross-aisles: times walked there, and whether through."""

    times_front: int
    times_back: int
    through: bool


class Crossing(NamedTuple):
    """One way on to the next aisle: how often each cross-aisle is walked, and what then stands."""

    times: tuple[int, ...]
    walks: int
    frontier: Frontier


@lru_cache(FRONTIERS_REMEMBERED_MAX)
def after_aisle(
    frontier: Frontier, block: int, shapes: tuple[AisleShape, ...]
) -> tuple[Frontier, ...]:
    """The frontier after each of these ways to walk the current aisle's piece in this block."""
    return tuple(_with_shape(frontier, block, shape) for shape in shapes)


@lru_cache(FRONTIERS_REMEMBERED_MAX)
def after_visit(frontier: Frontier, cross: int, is_end: bool) -> Frontier:
    """The frontier when the tour must come to this corner; an end of an open tour turns oddness."""
    marks = _visited(list(frontier), cross, 1 if is_end else 0)
    return _renumbered(marks)


@lru_cache(FRONTIERS_REMEMBERED_MAX)
def crossings(frontier: Frontier) -> tuple[Crossing, ...]:
    """Every way to the next aisle that evens all visits and leaves no part behind.

    A cross-aisle not visited here is not walked: it could only lead to a corner and back.
    """
    parts = {mark >> 1 for mark in frontier if mark}
    choices = [((1,) if mark & 1 else (0, 2)) if mark else (0,) for mark in frontier]
    return tuple(
        Crossing(times, sum(times), _crossed(frontier, times))
        for times in product(*choices)
        if {mark >> 1 for mark, n in zip(frontier, times, strict=True) if n} == parts
    )


@lru_cache(FRONTIERS_REMEMBERED_MAX)
def can_close(frontier: Frontier, settled: int) -> bool:
    """Whether a tour may still come out of the last aisle, its first so many corners being done."""
    done, ahead = frontier[:settled], frontier[settled:]
    parts_done, parts_ahead = ({mark >> 1 for mark in marks if mark} for marks in (done, ahead))
    if any(mark & 1 for mark in done):
        return False
    return parts_done <= parts_ahead or len(parts_done | parts_ahead) == 1


def is_tour(frontier: Frontier) -> bool:
    """Whether what stands is one connected walk with every visit evened."""
    marks = {mark for mark in frontier if mark}
    return len(marks) <= 1 and not any(mark & 1 for mark in marks)


def _with_shape(frontier: Frontier, block: int, shape: AisleShape) -> Frontier:
    marks = list(frontier)
    for cross, times in ((block, shape.times_front), (block + 1, shape.times_back)):
        if times:
            _visited(marks, cross, times)
    if shape.through:
        _join(marks, marks[block] >> 1, marks[block + 1] >> 1)
    return _renumbered(marks)


def _visited(marks: list[int], cross: int, times: int) -> list[int]:
    if not marks[cross]:
        marks[cross] = 2 * (len(marks) + 1 + cross)  # a part number nobody else has
    marks[cross] ^= times & 1
    return marks


def _join(marks: list[int], kept: int, gone: int) -> None:
    for cross, mark in enumerate(marks):
        if mark and mark >> 1 == gone:
            marks[cross] = 2 * kept + (mark & 1)


def _crossed(frontier: Frontier, times: tuple[int, ...]) -> Frontier:
    walked = zip(frontier, times, strict=True)
    return _renumbered((mark & ~1) + (n & 1) if n else 0 for mark, n in walked)


def _renumbered(marks: Iterable[int]) -> Frontier:
    parts: dict[int, int] = {}
    return tuple(
        2 * parts.setdefault(mark >> 1, len(parts) + 1) + (mark & 1) if mark else 0
        for mark in marks
    )
