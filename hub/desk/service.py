"""Acts that touch several capabilities at once: a count below what is promised, a claim let go,
a cancellation of units that are on their way through the floor."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.errors import BadValue, NotFound, WrongState
from hub.inventory import claims
from hub.journal import Act
from hub.orders import lines, rules
from hub.orders import service as orders
from hub.warehouse import counts
from hub.warehouse.bin_counts import settle_balance
from hub.warehouse.counts import Taken
from hub.warehouse.dispatch import cancel_released, cancel_released_of
from hub.warehouse.in_totes import cancel_in_totes

MINUTE_US: Final = 60 * 1_000_000


class Cancelled(NamedTuple):
    """What became of a cancellation, in units: `in_hand` are at a packing bench and stay."""

    units: int
    in_hand: int


def count(act: Act, balance: bytes, counted: int, reason: str, minutes: int = 0) -> Taken:
    """What a person found in one place, now or `minutes` ago: always accepted. Orders that held
    what is missing are planned anew. In a bin it is compared with the books of then, once every
    device has been heard; a tote or parcel is in somebody's hands, its count is true at once.

    Raises BadValue, NotFound, NotEnoughStock when units in a tote or parcel are said to be missing.
    """
    row = act.tx.row(
        "SELECT p.kind, b.place, b.item FROM balance b JOIN place p ON p.id = b.place "
        "WHERE b.id = ?",
        (balance,),
    )
    if row is None:
        raise NotFound("stock", balance.hex())
    kind, place, item = row[0], bytes(row[1]), bytes(row[2])
    if kind != "BIN":
        return Taken(balance, (), settle_balance(act, balance, counted, reason))
    as_of = act.now_us - minutes * MINUTE_US
    return counts.take(act, place, item, counted, reason=reason, balance=balance, as_of=as_of)


def release_claim(act: Act, allocation: bytes) -> None:
    """Let go of units that wait in a bin for an order; its line is open again.

    Raises WrongState when they are on somebody's list or in a tote already, NotFound.
    """
    held = claims.get(act, allocation)
    if held is None:
        raise NotFound("claim", allocation.hex())
    if held.state != "ALLOCATED":
        raise WrongState("claim", allocation.hex()[-8:], held.state, "ALLOCATED")
    claims.let_go(act, held, "DEALLOCATED")
    lines.move(act, held.order_line, "allocated", "open", held.quantity, "released by hand")


def cancel_order(act: Act, order: bytes, reason: str) -> Cancelled:
    """Cancel all that no packer has seen, on the floor too: pickers get their work without it, and
    what lies in totes is put back.

    Raises NotCancellable when everything is in hand, WrongState (closed already), NotFound.
    """
    orders.require_open(act, order)
    lines = {line: orders.stages_of_line(act, line) for line in _lines_of(act, order)}
    cancelled = cancel_released_of(act, {line: lines[line].released for line in lines}, reason)
    for line, stages in lines.items():
        if stages.picked:
            cancelled += cancel_in_totes(act, line, stages.picked, reason)
        free = rules.cancellable_units(stages)
        if free:
            orders.cancel_units(act, line, free, reason)
        cancelled += free
    left = rules.sum_of(orders.stages_of_order(act, order))
    in_hand = sum(getattr(left, stage) for stage in rules.ON_THE_FLOOR)
    if not cancelled:
        raise orders.NotCancellable(in_hand, 0, in_hand)
    return Cancelled(cancelled, in_hand)


def _lines_of(act: Act, order: bytes) -> list[bytes]:
    rows = act.tx.rows("SELECT id FROM order_line WHERE order_id = ? ORDER BY n", (order,))
    return [bytes(id) for (id,) in rows]


def cancel_units(act: Act, line: bytes, quantity: int, reason: str) -> None:
    """Cancel units of one line: what is furthest from a parcel first, then what pickers have not
    fetched yet, then what lies in totes and is put back. All or nothing.

    Raises NotCancellable, NotFound, BadValue.
    """
    if quantity < 1:
        raise BadValue("quantity", quantity, "cancel at least one unit")
    stages = orders.stages_of_line(act, line)
    free = min(rules.cancellable_units(stages), quantity)
    on_the_floor = min(stages.released, quantity - free)
    fetched = cancel_released(act, line, on_the_floor, reason) if on_the_floor > 0 else 0
    in_totes = quantity - free - fetched
    if in_totes > 0:
        fetched += cancel_in_totes(act, line, in_totes, reason)
    if free + fetched < quantity:
        in_hand = sum(getattr(stages, stage) for stage in rules.ON_THE_FLOOR) - fetched
        raise orders.NotCancellable(quantity, free + fetched, in_hand)
    if free:
        orders.cancel_units(act, line, free, reason)
