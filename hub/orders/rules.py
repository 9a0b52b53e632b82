"""What is decided about orders: whether one can be placed, what its lines say about it, and from
where units are cancelled. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

CANCELLABLE: Final = ("open", "backordered", "promised", "allocated")
"""Stages that a cancellation takes from, in this order: what was furthest from a parcel first."""
ON_THE_FLOOR: Final = ("released", "picked", "packed")
"""Stages in which people have the units in hand; only the floor's own acts bring them back."""
HOLD_REASONS: Final = ("FRAUD", "CREDIT", "ADDRESS", "PAYMENT", "STOCK", "MANUAL", "AMENDMENT")
CUT_OFF_HOUR: Final = 18
"""Local time by which parcels leave a site; an order that names no time is due then."""
MICROS_IN_MINOR: Final = 10_000
"""Millionths of the major unit in one minor unit, for currencies with two decimals."""


class Stages(NamedTuple):
    """How many units of a line, or of all lines of an order, are where."""

    ordered: int
    open: int = 0
    backordered: int = 0
    promised: int = 0
    allocated: int = 0
    released: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    cancelled: int = 0


class Taking(NamedTuple):
    """So many units leave this stage."""

    stage: str
    quantity: int


def sum_of(lines: Iterable[Stages]) -> Stages:
    """The stages of several lines together."""
    columns = list(zip(*lines, strict=True))
    return Stages(*map(sum, columns)) if columns else Stages(0)


def fulfilment_status(lines: Iterable[Stages]) -> str:
    """What its lines' stages make of an order; CANCELLED when there is nothing left to fulfil.

    Units that are backordered do not keep an order from being PICKED or PACKED: it ships what
    there is.
    """
    total = sum_of(lines)
    wanted = total.ordered - total.cancelled
    if wanted == 0:
        return "CANCELLED"
    if total.shipped:
        return "SHIPPED" if total.shipped == wanted else "PARTIALLY_SHIPPED"
    return _before_shipping(total, wanted)


def _before_shipping(total: Stages, wanted: int) -> str:
    in_hand = total.picked + total.packed
    if in_hand:
        due = wanted - total.backordered
        if total.packed == due:
            return "PACKED"
        return "PICKED" if in_hand == due else "PICKING"
    if total.released:
        return "RELEASED"
    if total.allocated:
        return "ALLOCATED" if total.allocated == wanted else "PARTIALLY_ALLOCATED"
    return "BACKORDERED" if total.backordered == wanted else "UNALLOCATED"


def plan_cancellation(line: Stages, quantity: int) -> tuple[list[Taking], int]:
    """From which stages `quantity` units are cancelled, and how many cannot be."""
    takings = []
    for stage in CANCELLABLE:
        taken = min(quantity, getattr(line, stage))
        if taken > 0:
            takings.append(Taking(stage, taken))
            quantity -= taken
    return takings, max(quantity, 0)


def cancellable_units(line: Stages) -> int:
    """Units that nobody has in hand."""
    return sum(getattr(line, stage) for stage in CANCELLABLE)


class Creditable(NamedTuple):
    """A line that a credit may mean: units that can be cancelled, and units that can come back."""

    line: bytes
    cancellable: int
    returnable: int


class CreditPlan(NamedTuple):
    """Line and units to cancel, line and units that come back, and units that fit no line."""

    cancel: list[tuple[bytes, int]]
    take_back: list[tuple[bytes, int]]
    rest: int


def plan_credit(lines: Sequence[Creditable], quantity: int) -> CreditPlan:
    """Cancel what is unshipped first, then take back; both in the order of `lines`."""
    cancel, quantity = _spread([(line.line, line.cancellable) for line in lines], quantity)
    take_back, quantity = _spread([(line.line, line.returnable) for line in lines], quantity)
    return CreditPlan(cancel, take_back, quantity)


def _spread(room: list[tuple[bytes, int]], quantity: int) -> tuple[list[tuple[bytes, int]], int]:
    shares = []
    for line, units in room:
        share = min(units, quantity)
        if share > 0:
            shares.append((line, share))
            quantity -= share
    return shares, quantity


def closing_state(lines: Sequence[Stages]) -> str | None:
    """CANCELLED or CLOSED when nothing more is to be done for these lines, else None."""
    total = sum_of(lines)
    if total.shipped + total.cancelled < total.ordered:
        return None
    return "CLOSED" if total.shipped else "CANCELLED"


def amount_minor(quantity: int, price_micros: int) -> int:
    """What a line costs in minor units, rounded once, halves away from zero."""
    exact = quantity * price_micros
    rounded = (abs(exact) + MICROS_IN_MINOR // 2) // MICROS_IN_MINOR
    return rounded if exact >= 0 else -rounded


def due_by(placed_at_us: int, zone: str) -> int:
    """The next cut-off after an order was placed: that day's, or the next day's."""
    placed = datetime.fromtimestamp(placed_at_us / 1_000_000, UTC).astimezone(ZoneInfo(zone))
    cut_off = placed.replace(hour=CUT_OFF_HOUR, minute=0, second=0, microsecond=0)
    if cut_off <= placed:
        cut_off = (cut_off + timedelta(days=1)).replace(hour=CUT_OFF_HOUR)
    return int(cut_off.timestamp()) * 1_000_000
