"""A cheap guess of how far a set of stops makes a person walk, for comparing groups of orders.

Counts each aisle piece by itself (through, or in and out from the nearer end) and the way to the
outermost aisles and back. It is neither a bound nor a tour; only differences of it are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.warehouse.walkways import Place, Walkways

AisleSpans = Mapping[tuple[int, int], tuple[int, int]]
"""(block, aisle) → y of its front-most and its rear-most stop."""


def spans_of(walkways: Walkways, stops: Iterable[Place]) -> AisleSpans:
    """The stretch of each aisle piece between its outermost stops."""
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for stop in stops:
        piece = walkways.block_of(stop.y_cm), stop.aisle
        front_cm, rear_cm = spans.get(piece, (stop.y_cm, stop.y_cm))
        spans[piece] = min(front_cm, stop.y_cm), max(rear_cm, stop.y_cm)
    return spans


def together(one: AisleSpans, other: AisleSpans) -> AisleSpans:
    """The spans of both sets of stops in one walk."""
    spans = dict(one)
    for piece, span in other.items():
        known = spans.get(piece, span)
        if known is span:
            spans[piece] = span
        elif span[0] < known[0] or span[1] > known[1]:
            spans[piece] = min(span[0], known[0]), max(span[1], known[1])
    return spans


def estimate_cm(walkways: Walkways, spans: AisleSpans, start: Place, end: Place) -> int:
    """The guess for one walk from start over these stops to end."""
    cross_y_cm, walked_cm = walkways.cross_y_cm, 0
    first, last = sorted((start.aisle, end.aisle))
    for (block, aisle), (front_cm, rear_cm) in spans.items():
        block_front_cm, block_back_cm = cross_y_cm[block], cross_y_cm[block + 1]
        in_and_out_cm = 2 * min(rear_cm - block_front_cm, block_back_cm - front_cm)
        walked_cm += min(block_back_cm - block_front_cm, in_and_out_cm)
        first, last = min(first, aisle), max(last, aisle)
    return walked_cm + 2 * (walkways.aisle_x_cm[last] - walkways.aisle_x_cm[first])
