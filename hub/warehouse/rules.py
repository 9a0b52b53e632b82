"""What is decided about a wave: which stock its lines get, and what it will cost to walk.

Pure: a snapshot in, a plan with its reasons out. Nothing is taken here; whoever carries the plan
out takes each claim by a guarded statement and asks again when somebody was faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from hub.inventory.rules import BinStock, choose_bins
from hub.warehouse.floor import Floor
from hub.warehouse.tours import OrderWork, plan_tour, s_shape
from hub.warehouse.tours.grouping import CartLimits, Grouping
from hub.warehouse.tours.walk_estimate import WalkEstimate
from hub.warehouse.walkways import Spot

GROUPED_AT_ONCE_MAX: Final = 150
"""Orders among which clusters are searched; the search grows with the square of it."""


class LineDemand(NamedTuple):
    """Units of an order line that need stock."""

    line: bytes
    item: bytes
    quantity: int


class OrderDemand(NamedTuple):
    order: bytes
    lines: tuple[LineDemand, ...]
    ships_complete: bool = False


class PlannedClaim(NamedTuple):
    """So many units of a line from one bin; `reason` is code and values as JSON."""

    order: bytes
    line: bytes
    item: bytes
    quantity: int
    bin: BinStock
    reason: str


class Shortage(NamedTuple):
    """Units of a line that no bin can give."""

    order: bytes
    line: bytes
    item: bytes
    wanted: int
    missing: int


class AllocationPlan(NamedTuple):
    """`left_out`: orders that ship complete or not at all, and cannot now."""

    claims: tuple[PlannedClaim, ...]
    shortages: tuple[Shortage, ...]
    left_out: tuple[bytes, ...]


def plan_allocation(
    orders: Sequence[OrderDemand], stock: Mapping[bytes, Sequence[BinStock]]
) -> AllocationPlan:
    """Share out the stock of a snapshot, orders in the given order: first come, first served."""
    left = {item: {bin.balance: bin for bin in bins} for item, bins in stock.items()}
    claims: list[PlannedClaim] = []
    shortages: list[Shortage] = []
    left_out: list[bytes] = []
    for order in orders:
        taken, short = _plan_order(order, left)
        shortages += short
        if short and order.ships_complete:
            left_out.append(order.order)
            _give_back(taken, left)
        else:
            claims += taken
    return AllocationPlan(tuple(claims), tuple(shortages), tuple(left_out))


_Left = dict[bytes, dict[bytes, BinStock]]


def _plan_order(order: OrderDemand, left: _Left) -> tuple[list[PlannedClaim], list[Shortage]]:
    claims: list[PlannedClaim] = []
    short: list[Shortage] = []
    for line in order.lines:
        bins = left.get(line.item, {})
        choice = choose_bins(line.quantity, list(bins.values()))
        for pick in choice.picks:
            bins[pick.bin.balance] = pick.bin._replace(free=pick.bin.free - pick.quantity)
            why = reason_text(pick.code, **pick.values)
            claims.append(
                PlannedClaim(order.order, line.line, line.item, pick.quantity, pick.bin, why)
            )
        if choice.missing:
            short.append(Shortage(order.order, line.line, line.item, line.quantity, choice.missing))
    return claims, short


def _give_back(claims: Iterable[PlannedClaim], left: _Left) -> None:
    for claim in claims:
        bin = left[claim.item][claim.bin.balance]
        left[claim.item][bin.balance] = bin._replace(free=bin.free + claim.quantity)


def reason_text(code: str, **values: int | str) -> str:
    """A decision's reason as it is stored: code and values, for a text in any language."""
    return msgspec.json.encode({"code": code, **values}).decode()


def explain_shortage(totals: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """Why nobody can give more of an item, from its units by status and those claimed.

    The code says what could be done: ALL_CLAIMED (release somebody's claim), NOT_FREE (settle
    what is on hold), IN_LOCKED_BINS (unblock or count a bin), NONE_THERE (buy or transfer).
    """
    available, allocated = totals.get("AVAILABLE", 0), totals.get("allocated", 0)
    aside = sum(units for name, units in totals.items() if name not in ("AVAILABLE", "allocated"))
    values = {"on_hand": available, "allocated": allocated, "not_available": aside}
    if available > allocated:
        return "IN_LOCKED_BINS", values
    if aside:
        return "NOT_FREE", values
    return ("ALL_CLAIMED", values) if allocated else ("NONE_THERE", values)


class Stop(NamedTuple):
    """A bin that an order needs something from."""

    place: bytes
    spot: Spot


class WalkOrder(NamedTuple):
    """An order's stops, one for each claim."""

    order: bytes
    stops: tuple[Stop, ...]


class PlannedTour(msgspec.Struct, frozen=True):
    """One cart: its orders by slot, and its bins in walking order. Ids are hexadecimal."""

    orders: tuple[str, ...]
    places: tuple[str, ...]
    lines: int
    walk_cm: int
    bound_cm: int | None
    snake_cm: int
    """The same stops walked in S-shape."""
    reason: str


class Walks(msgspec.Struct, frozen=True):
    """Every tour of a wave, beside what the orders would have cost first come, first served."""

    tours: tuple[PlannedTour, ...] = ()
    walk_cm: int = 0
    bound_cm: int = 0
    baseline_cm: int = 0
    totes: int = 0


def plan_walks(floor: Floor, orders: Sequence[WalkOrder], *, slots: int, lines_max: int) -> Walks:
    """Group the orders on carts and plan each tour; `slots` 1 picks every order alone.

    The baseline is the same orders on carts filled as they came, each walked in S-shape.
    """
    carts = _carts(floor, orders, slots, lines_max)
    tours = tuple(_planned(floor, cart) for cart in carts)
    return Walks(
        tours=tours,
        walk_cm=sum(tour.walk_cm for tour in tours),
        bound_cm=sum(tour.bound_cm or 0 for tour in tours),
        baseline_cm=sum(_snake_cm(floor, cart) for cart in _as_they_came(orders, slots, lines_max)),
        totes=len(orders),
    )


Cart = list[WalkOrder]


def _planned(floor: Floor, cart: Cart) -> PlannedTour:
    stops = [stop for order in cart for stop in order.stops]
    tour = plan_tour(floor.walkways, _spots(cart), start=floor.start, end=floor.bench)
    walked = dict.fromkeys(stops[index].place.hex() for index in tour.order)
    return PlannedTour(
        orders=tuple(order.order.hex() for order in cart),
        places=tuple(walked),
        lines=len(stops),
        walk_cm=tour.length_cm,
        bound_cm=tour.bound_cm,
        snake_cm=_snake_cm(floor, cart),
        reason=tour.reason,
    )


def _snake_cm(floor: Floor, cart: Cart) -> int:
    snake = s_shape(floor.walkways, _spots(cart), start=floor.start, end=floor.bench)
    return snake.length_cm


def _spots(cart: Cart) -> list[Spot]:
    return [stop.spot for order in cart for stop in order.stops]


def _carts(floor: Floor, orders: Sequence[WalkOrder], slots: int, lines_max: int) -> list[Cart]:
    """Which orders go together, carts in the order of their most urgent order."""
    if slots == 1:
        return [[order] for order in orders]
    rank = {order.order: index for index, order in enumerate(orders)}
    carts = [
        sorted(cart, key=lambda order: rank[order.order])
        for some in _parts(floor, orders)
        for cart in _grouped(floor, some, CartLimits(slots, lines_max))
    ]
    return sorted(carts, key=lambda cart: rank[cart[0].order])


def _grouped(floor: Floor, orders: Cart, limits: CartLimits) -> list[Cart]:
    """The best grouping by its S-shaped walks, which cost a tenth of exact tours to work out."""
    works = [
        OrderWork(order.order.hex(), tuple(_spots([order])), len(order.stops)) for order in orders
    ]
    estimate = WalkEstimate(floor.walkways, floor.start, floor.bench)
    grouping = Grouping(works, estimate, limits)
    found = [
        [[orders[index] for index in group] for group in groups]
        for groups in (*grouping.candidates(), grouping.as_they_came())
    ]
    return min(found, key=lambda carts: sum(_snake_cm(floor, cart) for cart in carts))


def _parts(floor: Floor, orders: Sequence[WalkOrder]) -> Iterator[Cart]:
    """Few enough orders for one search; many are first sorted by where they begin."""
    if len(orders) > GROUPED_AT_ONCE_MAX:
        orders = sorted(orders, key=lambda order: min(_spots([order]), default=floor.start))
    source = iter(orders)
    while part := list(islice(source, GROUPED_AT_ONCE_MAX)):
        yield part


def _as_they_came(orders: Sequence[WalkOrder], slots: int, lines_max: int) -> Iterator[Cart]:
    cart: Cart = []
    for order in orders:
        lines = sum(len(other.stops) for other in cart)
        if cart and (len(cart) == slots or lines + len(order.stops) > lines_max):
            yield cart
            cart = []
        cart.append(order)
    if cart:
        yield cart


def best_position(floor: Floor, here: Spot, ahead: Sequence[Spot], stop: Spot) -> int:
    """Before which of the stops ahead a new one costs the least walking; len(ahead) = last.

    `here` is where the person comes from; the tour ends at the packing bench.
    """
    way = [here, *ahead, floor.bench]

    def detour_cm(index: int) -> int:
        before, after = way[index], way[index + 1]
        through = floor.distance_cm(before, stop) + floor.distance_cm(stop, after)
        return through - floor.distance_cm(before, after)

    return min(range(len(ahead) + 1), key=detour_cm)
