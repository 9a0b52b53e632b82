"""Which orders share a cart, judged by estimated walking. Owns the search; plans no tours.

A seed (the order with the longest walk that is still left) takes along, one by one, the order that
saves most walking, until the cart is full. Then orders are exchanged between carts while that
shortens the estimate. Both count what they try, so the same orders always give the same carts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from hub.warehouse.tours.walk_estimate import AisleSpans, estimate_cm, spans_of, together
from hub.warehouse.walkways import Place, Walkways

EXCHANGES_TRIED_MAX = 2_000

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
        self,
        walkways: Walkways,
        orders: Sequence[OrderWork],
        ends: tuple[Place, Place],
        limits: CartLimits,
    ) -> None:
        self._walkways, self._orders, self._ends, self._limits = walkways, orders, ends, limits
        self._spans = [spans_of(walkways, order.stops) for order in orders]
        self._walks_cm = [self._estimate_cm(spans) for spans in self._spans]

    def as_they_came(self) -> list[Group]:
        """Carts filled one after another in the given order."""
        groups: list[Group] = []
        for index in range(len(self._orders)):
            if groups and self._fits([*groups[-1], index]):
                groups[-1].append(index)
            else:
                groups.append([index])
        return groups

    def by_savings(self) -> list[Group]:
        """Carts filled from seeds, then improved by exchanges."""
        return self._exchanged(self._seeded())

    def _seeded(self) -> list[Group]:
        left = dict.fromkeys(sorted(range(len(self._orders)), key=lambda i: -self._walks_cm[i]))
        groups: list[Group] = []
        while left:
            seed = next(iter(left))
            group = self._filled(seed, [i for i in left if i != seed])
            for index in group:
                del left[index]
            groups.append(group)
        return groups

    def _filled(self, seed: int, candidates: list[int]) -> Group:
        group, spans = [seed], self._spans[seed]
        while fitting := [i for i in candidates if i not in group and self._fits([*group, i])]:
            # The group's own walk is the same for all, so it drops out of the saving.
            joined = {i: together(spans, self._spans[i]) for i in fitting}
            best = max(fitting, key=lambda i: self._walks_cm[i] - self._estimate_cm(joined[i]))
            group.append(best)
            spans = joined[best]
        return group

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
        walks_cm = self._estimate_cm(self._joined(one)) + self._estimate_cm(self._joined(other))
        without = {index: self._joined(_without(one, index)) for index in one}
        without |= {index: self._joined(_without(other, index)) for index in other}
        tried = 0
        for i, j, exchanged in self._exchanges(one, other):
            if tried == tries_max:
                break
            tried += 1
            one_cm = self._estimate_cm(together(without[i], self._spans[j]))
            other_cm = self._estimate_cm(together(without[j], self._spans[i]))
            if one_cm + other_cm < walks_cm:
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

    def _fits(self, group: Group) -> bool:
        lines = sum([self._orders[i].lines for i in group])
        totes = sum([self._orders[i].totes for i in group])
        return lines <= self._limits.lines_max and totes <= self._limits.slots_max

    def _joined(self, group: Group) -> AisleSpans:
        spans: AisleSpans = {}
        for index in group:
            spans = together(spans, self._spans[index])
        return spans

    def _estimate_cm(self, spans: AisleSpans) -> int:
        return estimate_cm(self._walkways, spans, *self._ends)


def _without(group: Group, gone: int) -> Group:
    return [index for index in group if index != gone]
