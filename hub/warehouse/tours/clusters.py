"""Whose orders to pick together: one walk, one tote for each order (cluster picking).

Owns the decision and what it says about itself. The groups come from a quick search; their tours
are planned properly, and carts filled as the orders came are kept when they turn out shorter.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.warehouse.tours.grouping import CartLimits, Group, Grouping, OrderWork
from hub.warehouse.tours.planning import plan_tour
from hub.warehouse.tours.tour import Tour
from hub.warehouse.tours.walk_estimate import WalkEstimate
from hub.warehouse.walkways import Place, Walkways


class Cluster(msgspec.Struct, frozen=True):
    """The orders of one cart and its tour.

    `tour.order` counts through the stops of these orders, in the order of `keys`.
    """

    keys: tuple[str, ...]
    lines: int
    totes: int
    tour: Tour
    one_by_one_cm: int
    reason: str


class Clusters(msgspec.Struct, frozen=True):
    """Every order in exactly one cluster, with the walking it takes and would have taken."""

    clusters: tuple[Cluster, ...]
    total_cm: int
    one_by_one_cm: int
    as_they_came_cm: int
    reason: str


def form_clusters(
    walkways: Walkways,
    orders: Sequence[OrderWork],
    *,
    start: Place,
    end: Place,
    slots_max: int,
    lines_max: int,
) -> Clusters:
    """Group orders for carts with so many tote slots and at most so many lines.

    An order too big for any cart is picked alone. All tours together are never longer than those
    of carts filled as the orders came. Raises PlaceOffTheFloor. May be repeated safely.
    """
    tours = _Tours(walkways, orders, (start, end))
    estimate = WalkEstimate(walkways, start, end)
    grouping = Grouping(orders, estimate, CartLimits(slots_max, lines_max))
    as_they_came = grouping.as_they_came()
    as_they_came_cm = tours.total_cm(as_they_came)
    groups = min((*grouping.candidates(), as_they_came), key=tours.total_cm)
    clusters = tuple(_cluster(tours, group) for group in groups)
    one_by_one_cm = sum(cluster.one_by_one_cm for cluster in clusters)
    total_cm = tours.total_cm(groups)
    reason = (
        f"{len(clusters)} walks of {total_cm / 100:.0f} m in all for {len(orders)} orders; "
        f"{one_by_one_cm / 100:.0f} m one by one, {as_they_came_cm / 100:.0f} m with carts filled "
        "as the orders came."
    )
    return Clusters(clusters, total_cm, one_by_one_cm, as_they_came_cm, reason)


class _Tours:
    """Tours of groups of orders, each planned once."""

    def __init__(
        self, walkways: Walkways, orders: Sequence[OrderWork], ends: tuple[Place, Place]
    ) -> None:
        self.orders = orders
        self._walkways, self._ends = walkways, ends
        self._known: dict[tuple[int, ...], Tour] = {}

    def of(self, group: Group) -> Tour:
        key = tuple(group)
        if key not in self._known:
            stops = [stop for index in group for stop in self.orders[index].stops]
            start, end = self._ends
            self._known[key] = plan_tour(self._walkways, stops, start=start, end=end)
        return self._known[key]

    def total_cm(self, groups: Sequence[Group]) -> int:
        return sum(self.of(group).length_cm for group in groups)


def _cluster(tours: _Tours, group: Group) -> Cluster:
    orders = [tours.orders[index] for index in group]
    tour = tours.of(group)
    alone_cm = sum(tours.of([index]).length_cm for index in group)
    return Cluster(
        keys=tuple(order.key for order in orders),
        lines=sum(order.lines for order in orders),
        totes=sum(order.totes for order in orders),
        tour=tour,
        one_by_one_cm=alone_cm,
        reason=_reason(orders, tour, alone_cm),
    )


def _reason(orders: Sequence[OrderWork], tour: Tour, alone_cm: int) -> str:
    """One sentence for the person who looks at the cart."""
    if len(orders) == 1:
        return f"{orders[0].key} is picked alone: no other order fits or is left."
    aisles = [{stop.aisle for stop in order.stops} for order in orders]
    shared = sum(len(own) for own in aisles) - len(set().union(*aisles))
    return (
        f"{len(orders)} orders in one walk of {tour.length_cm / 100:.0f} m instead of "
        f"{alone_cm / 100:.0f} m one by one; aisle visits saved: {shared}."
    )
