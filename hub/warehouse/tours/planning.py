"""The rule that chooses a pick tour and says why. Pure: the same question has the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.warehouse.tours.classic import as_listed, largest_gap, s_shape
from hub.warehouse.tours.round_walk import spots_in_walking_order
from hub.warehouse.tours.sweep import FRONTIERS_MAX, Errand, shortest_walk
from hub.warehouse.tours.tour import Tour, refuse_places_off_the_floor, tour_cm
from hub.warehouse.walkways import Place, Spot, Walkways


def plan_tour(
    walkways: Walkways,
    stops: Sequence[Place],
    *,
    start: Place,
    end: Place,
    frontiers_max: int = FRONTIERS_MAX,
) -> Tour:
    """The shortest tour from start over all stops to end; start and end may be one place or two.

    Exact (`bound_cm == length_cm`) up to four blocks, and beyond as long as no more than
    `frontiers_max` partial tours compete; else the best one found, with a proven bound. Raises
    PlaceOffTheFloor. May be repeated: it changes nothing.
    """
    refuse_places_off_the_floor(walkways, stops, start, end)
    first, last = _spot(start), _spot(end)
    ends = frozenset({first, last} if first != last else ())
    errand = Errand(frozenset([first, last, *map(_spot, stops)]), ends)
    walk = shortest_walk(walkways, errand, frontiers_max)
    order = _order(stops, spots_in_walking_order(walk.stretches, first))
    swept_cm = tour_cm(walkways, stops, order, start, end)
    snake = s_shape(walkways, stops, start=start, end=end)
    is_exact = swept_cm == walk.bound_cm
    best = (swept_cm, order) if is_exact else _shortest(walkways, stops, start, end, order)
    return Tour(
        order=best[1],
        length_cm=best[0],
        method="exact" if is_exact else "limited",
        bound_cm=walk.bound_cm,
        reason=_reason(stops, best[0], walk.bound_cm, snake.length_cm),
    )


def _spot(place: Place) -> Spot:
    return Spot(place.aisle, place.y_cm)


def _order(stops: Sequence[Place], walked: Iterable[Spot]) -> tuple[int, ...]:
    """Each stop where the walk first comes by; stops at one place in their given order."""
    waiting: dict[Spot, list[int]] = {}
    for index, stop in enumerate(stops):
        waiting.setdefault(_spot(stop), []).append(index)
    return tuple(index for spot in walked for index in waiting.pop(spot, ()))


def _shortest(
    walkways: Walkways, stops: Sequence[Place], start: Place, end: Place, order: tuple[int, ...]
) -> tuple[int, tuple[int, ...]]:
    """The shortest of the swept order, those of the rules of thumb, and the list as it stands."""
    rules = (s_shape, largest_gap, as_listed)
    orders = [order, *(rule(walkways, stops, start=start, end=end).order for rule in rules)]
    return min((tour_cm(walkways, stops, o, start, end), o) for o in orders)


def _reason(stops: Sequence[Place], length_cm: int, bound_cm: int, snake_cm: int) -> str:
    """One sentence for the person who looks at the tour."""
    if not stops:
        return f"{length_cm / 100:.0f} m without a stop."
    where = f"{len(stops)} stops in {len({stop.aisle for stop in stops})} aisles"
    if length_cm <= bound_cm:
        proof = "no shorter walk exists"
    else:
        proof = f"at most {(length_cm - bound_cm) / bound_cm:.1%} above the shortest walk"
    saved_m = (snake_cm - length_cm) / 100
    return f"{length_cm / 100:.0f} m for {where}: {proof}, {saved_m:.0f} m less than S-shape."
