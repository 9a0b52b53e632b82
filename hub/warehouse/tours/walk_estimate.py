"""A cheap guess of how far a set of stops makes a person walk, for comparing groups of orders.

Counts each aisle piece by itself (through, or in and out from the nearer end) and the way to the
outermost aisles and back. It is neither a bound nor a tour; only differences of it are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from hub.warehouse.walkways import Place, Walkways


class Span(NamedTuple):
    """The stretch between the outermost stops of one aisle piece, and what walking it costs."""

    front_cm: int
    rear_cm: int
    cost_cm: int


class Footprint(NamedTuple):
    """Where a walk has to go: a span for each (block, aisle), and its outermost aisles."""

    spans: dict[tuple[int, int], Span]
    first_aisle: int
    last_aisle: int
    pieces_cm: int


class WalkEstimate:
    """The guess for walks in one hall between the same two ends. Footprints are not changed."""

    def __init__(self, walkways: Walkways, start: Place, end: Place) -> None:
        self._walkways = walkways
        self._through_cm = [back - front for front, back in pairwise(walkways.cross_y_cm)]
        aisles = start.aisle, end.aisle
        self.nothing = Footprint({}, min(aisles), max(aisles), 0)

    def footprint(self, stops: Iterable[Place]) -> Footprint:
        """Where these stops make a person go."""
        spans: dict[tuple[int, int], Span] = {}
        for stop in stops:
            piece = self._walkways.block_of(stop.y_cm), stop.aisle
            known = spans.get(piece)
            front_cm = min(stop.y_cm, known.front_cm) if known else stop.y_cm
            rear_cm = max(stop.y_cm, known.rear_cm) if known else stop.y_cm
            spans[piece] = Span(front_cm, rear_cm, self._piece_cm(piece[0], front_cm, rear_cm))
        aisles = [self.nothing.first_aisle, self.nothing.last_aisle, *(a for _, a in spans)]
        pieces_cm = sum(span.cost_cm for span in spans.values())
        return Footprint(spans, min(aisles), max(aisles), pieces_cm)

    def together(self, one: Footprint, other: Footprint) -> Footprint:
        """Where both sets of stops make a person go in one walk."""
        spans = dict(one.spans)
        for piece, span in other.spans.items():
            known = spans.get(piece)
            spans[piece] = self._hull(piece[0], known, span) if known else span
        first = min(one.first_aisle, other.first_aisle)
        last = max(one.last_aisle, other.last_aisle)
        return Footprint(spans, first, last, sum([span.cost_cm for span in spans.values()]))

    def together_cm(self, one: Footprint, other: Footprint) -> int:
        """The guess for both in one walk, without building it: the inner loop of grouping."""
        known_spans, pieces_cm = one.spans, one.pieces_cm
        for piece, span in other.spans.items():
            known = known_spans.get(piece)
            if known is None:
                pieces_cm += span.cost_cm
            elif span.front_cm < known.front_cm or span.rear_cm > known.rear_cm:
                pieces_cm += self._hull(piece[0], known, span).cost_cm - known.cost_cm
        first = min(one.first_aisle, other.first_aisle)
        last = max(one.last_aisle, other.last_aisle)
        return pieces_cm + self._across_cm(first, last)

    def walk_cm(self, footprint: Footprint) -> int:
        """The guess for one walk."""
        across_cm = self._across_cm(footprint.first_aisle, footprint.last_aisle)
        return footprint.pieces_cm + across_cm

    def _hull(self, block: int, one: Span, other: Span) -> Span:
        front_cm, rear_cm, cost_cm = one
        if cost_cm == self._through_cm[block]:
            return one  # no further stop can make a walk through this piece dearer
        front_cm = min(front_cm, other.front_cm)
        rear_cm = max(rear_cm, other.rear_cm)
        return Span(front_cm, rear_cm, self._piece_cm(block, front_cm, rear_cm))

    def _piece_cm(self, block: int, front_cm: int, rear_cm: int) -> int:
        block_front_cm, block_back_cm = self._walkways.cross_y_cm[block : block + 2]
        in_and_out_cm = 2 * min(rear_cm - block_front_cm, block_back_cm - front_cm)
        return min(self._through_cm[block], in_and_out_cm)

    def _across_cm(self, first_aisle: int, last_aisle: int) -> int:
        aisle_x_cm = self._walkways.aisle_x_cm
        return 2 * (aisle_x_cm[last_aisle] - aisle_x_cm[first_aisle])
