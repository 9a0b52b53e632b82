"""Which orders share a cart, judged by estimated walking. Owns the search; plans no tours.

Carts are filled in two ways: in the order of arrival, and from seeds. A seed (the order with the
longest walk that is still left) takes along, one by one, the order that saves most walking, until
the cart is full. Either way orders are then exchanged between carts while that shortens the
estimate. What is tried is counted, so the same orders always give the same carts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from hub.warehouse.tours.walk_estimate import Footprint, WalkEstimate
from hub.warehouse.walkways import Place

EXCHANGES_TRIED_MAX = 1_500

Group = list[int]
"""Indices into the orders."""


class OrderWork(msgspec.Struct, frozen=True):
    """What one order asks of a cart: where to stop, its lines, and how many totes it fills."""

    key: str
    stops: tuple[Place, ...]
    lines: int
    totes: int = 1


class CartLimits(msgspec.Struct, frozen=True):
    """How much one cart takes."""

    slots_max: int
    lines_max: int


class Grouping:
    """The orders of one question, with what is worth working out once for each of them."""

    def __init__(
        self, orders: Sequence[OrderWork], estimate: WalkEstimate, limits: CartLimits
    ) -> None:
        self._orders, self._estimate, self._limits = orders, estimate, limits
        self._footprints = [estimate.footprint(order.stops) for order in orders]
        self._walks_cm = [estimate.walk_cm(footprint) for footprint in self._footprints]
        self._known: dict[tuple[int, ...], dict[int, Footprint]] = {}

    def as_they_came(self) -> list[Group]:
        """Carts filled one after another in the given order."""
        groups: list[Group] = []
        for index in range(len(self._orders)):
            if groups and self._fits([*groups[-1], index]):
                groups[-1].append(index)
            else:
                groups.append([index])
        return groups

    def candidates(self) -> list[list[Group]]:
        """Groupings worth planning tours for: from seeds, and from the order of arrival.

        Seeds save more walking for each cart; arrival sometimes fills fewer carts.
        """
        return [self._exchanged(self._seeded()), self._exchanged(self.as_they_came())]

    def _seeded(self) -> list[Group]:
        left = sorted(range(len(self._orders)), key=lambda i: -self._walks_cm[i])
        groups: list[Group] = []
        while left:
            group = self._filled(left[0], left[1:])
            left = [index for index in left if index not in group]
            groups.append(group)
        return groups

    def _filled(self, seed: int, candidates: list[int]) -> Group:
        group, footprint = [seed], self._footprints[seed]
        while fitting := [i for i in candidates if i not in group and self._fits([*group, i])]:
            best = self._saving_most(footprint, fitting)
            group.append(best)
            footprint = self._estimate.together(footprint, self._footprints[best])
        return group

    def _saving_most(self, footprint: Footprint, candidates: list[int]) -> int:
        """The cart's own walk is the same for all, so it drops out of the saving."""
        walk_cm = self._estimate.together_cm
        prints = self._footprints
        return max(candidates, key=lambda i: self._walks_cm[i] - walk_cm(footprint, prints[i]))

    def _exchanged(self, groups: list[Group]) -> list[Group]:
        tries_left = EXCHANGES_TRIED_MAX
        has_improved = True
        while has_improved and tries_left > 0:
            has_improved = False
            for one, other in combinations(range(len(groups)), 2):
                tried, better = self._better_pair(groups[one], groups[other], tries_left)
                tries_left -= tried
                if better:
                    groups[one], groups[other] = better
                    has_improved = True
        return groups

    def _better_pair(
        self, one: Group, other: Group, tries_max: int
    ) -> tuple[int, tuple[Group, Group] | None]:
        """How many exchanges were tried, and the first that shortens the two walks together."""
        walk_cm = self._estimate.together_cm
        prints, without = self._footprints, self._without_each(one) | self._without_each(other)
        walks_cm = sum(walk_cm(without[group[0]], prints[group[0]]) for group in (one, other))
        tried = 0
        for i, j, exchanged in self._exchanges(one, other):
            if tried == tries_max:
                break
            tried += 1
            if walk_cm(without[i], prints[j]) + walk_cm(without[j], prints[i]) < walks_cm:
                return tried, exchanged
        return tried, None

    def _exchanges(
        self, one: Group, other: Group
    ) -> Iterator[tuple[int, int, tuple[Group, Group]]]:
        """Every order of one cart against every one of the other, if both carts can take it."""
        for i in one:
            for j in other:
                left, right = [j, *_without(one, i)], [i, *_without(other, j)]
                if self._fits(left) and self._fits(right):
                    yield i, j, (left, right)

    def _without_each(self, group: Group) -> dict[int, Footprint]:
        """For each order of a cart, where the others make it go."""
        key = tuple(group)
        if key not in self._known:
            self._known[key] = {index: self._joined(_without(group, index)) for index in group}
        return self._known[key]

    def _joined(self, group: Group) -> Footprint:
        footprint = self._estimate.nothing
        for index in group:
            footprint = self._estimate.together(footprint, self._footprints[index])
        return footprint

    def _fits(self, group: Group) -> bool:
        lines = sum([self._orders[i].lines for i in group])
        totes = sum([self._orders[i].totes for i in group])
        return lines <= self._limits.lines_max and totes <= self._limits.slots_max


def _without(group: Group, gone: int) -> Group:
    return [index for index in group if index != gone]
