"""What is done to orders: placed, held, cancelled, taken back, closed.

Owns the decision state of an order. Units move through `lines` alone; claims on stock end through
`inventory.claims` in the same act, so line and stock never disagree.
"""

from __future__ import annotations

from typing import Final

from hub.db import Insert
from hub.errors import BadValue, HubError, NotFound, WrongState
from hub.inventory import claims
from hub.journal import Act
from hub.orders import lines, rules
from hub.orders.models import STAGES, OrderReturn
from hub.orders.numbers import next_number
from hub.orders.placing import (
    BadOrderLine,
    NewCharge,
    NewLine,
    NewOrder,
    NoLines,
    NotForSale,
    OrderKnown,
    UnknownArticle,
    add_charge,
    add_hold,
    check_hold_reason,
    place,
    place_many,
)

__all__ = [
    "BadOrderLine",
    "NewCharge",
    "NewLine",
    "NewOrder",
    "NoLines",
    "NotCancellable",
    "NotForSale",
    "NotThatManyShipped",
    "OrderKnown",
    "UnknownArticle",
    "add_charge",
    "cancel_order",
    "cancel_units",
    "close_if_done",
    "hold",
    "next_number",
    "note_unmatched_return",
    "place",
    "place_many",
    "release_hold",
    "require_open",
    "set_priority",
    "stages_of_line",
    "stages_of_order",
    "take_back",
]

OPEN_STATES: Final = ("PLACED", "ON_HOLD", "APPROVED")
_STAGE_COLUMNS: Final = "ordered, " + ", ".join(f'"{stage}"' for stage in STAGES)
_insert_return: Final = Insert(OrderReturn)


class NotCancellable(HubError):
    """Some of the units are with pickers or packers already, or gone."""

    code = "NOT_CANCELLABLE"

    def __init__(self, wanted: int, possible: int, on_the_floor: int) -> None:
        self.wanted, self.possible, self.on_the_floor = wanted, possible, on_the_floor
        super().__init__(
            f"{wanted} units were to be cancelled, {possible} can be; {on_the_floor} are "
            "picked or packed. Have them put back first, or cancel fewer."
        )


class NotThatManyShipped(HubError):
    code = "NOT_THAT_MANY_SHIPPED"

    def __init__(self, line: bytes, quantity: int) -> None:
        self.line, self.quantity = line.hex(), quantity
        super().__init__(f"Fewer than {quantity} units of the line were shipped and not returned.")


def _state_of(act: Act, order: bytes) -> tuple[str, str]:
    """(number, state); raises NotFound."""
    act.tx.flush()
    row = act.tx.row("SELECT number, state FROM sales_order WHERE id = ?", (order,))
    if row is None:
        raise NotFound("order", order.hex())
    return row[0], row[1]


def _step(act: Act, order: bytes, before: str, after: str) -> None:
    """One guarded step of the decision state."""
    closed_at = act.now_us if after in ("CANCELLED", "CLOSED") else None
    changed = act.tx.run(
        "UPDATE sales_order SET state = ?, closed_at = ? WHERE id = ? AND state = ?",
        (after, closed_at, order, before),
    )
    if changed != 1:
        raise WrongState("order", order.hex(), "different", before)


def require_open(act: Act, order: bytes) -> None:
    """Raises WrongState when the order is closed or cancelled, NotFound."""
    number, state = _state_of(act, order)
    if state not in OPEN_STATES:
        raise WrongState("order", number, state, " or ".join(OPEN_STATES))


def stages_of_order(act: Act, order: bytes) -> list[rules.Stages]:
    """Where the units of each line are."""
    act.tx.flush()
    sql = f"SELECT {_STAGE_COLUMNS} FROM order_line WHERE order_id = ? ORDER BY n"
    return [rules.Stages(*row) for row in act.tx.rows(sql, (order,))]


def stages_of_line(act: Act, line: bytes) -> rules.Stages:
    """Where the units of one line are. Raises NotFound."""
    return _line(act, line)[1]


def hold(act: Act, order: bytes, reason: str, note: str = "") -> bytes:
    """Stop an order for a reason; returns the hold's id. Several may stand at once.

    Raises WrongState when something of it is picked or packed already, or it is closed; BadValue.
    """
    check_hold_reason(reason)
    number, state = _state_of(act, order)
    if state not in OPEN_STATES:
        raise WrongState("order", number, state, " or ".join(OPEN_STATES))
    total = rules.sum_of(stages_of_order(act, order))
    if total.picked or total.packed:
        raise WrongState("order", number, "being picked", "an order of which nothing is picked")
    if state != "ON_HOLD":
        _step(act, order, state, "ON_HOLD")
    return add_hold(act, order, reason, note)


def release_hold(act: Act, hold: bytes) -> bool:
    """Lift one hold; the order goes on when it was the last: then True. Raises WrongState."""
    act.tx.flush()
    row = act.tx.row("SELECT order_id FROM order_hold WHERE id = ?", (hold,))
    if row is None:
        raise NotFound("hold", hold.hex())
    order = bytes(row[0])
    changed = act.tx.run(
        "UPDATE order_hold SET state = 'RELEASED', released_at = ? "
        "WHERE id = ? AND state = 'PLACED'",
        (act.now_us, hold),
    )
    if changed != 1:
        raise WrongState("hold", hold.hex(), "RELEASED", "PLACED")
    more = "SELECT 1 FROM order_hold WHERE order_id = ? AND state = 'PLACED'"
    if act.tx.row(more, (order,)) is not None:
        return False
    _step(act, order, "ON_HOLD", "APPROVED")
    return True


def cancel_units(act: Act, line_id: bytes, quantity: int, reason: str) -> None:
    """Cancel units of a line that nobody has in hand yet; claims on their stock end.

    The order becomes CANCELLED or CLOSED if nothing is left to do. Raises NotCancellable (nothing
    was done then), NotFound, BadValue.
    """
    if quantity < 1:
        raise BadValue("quantity", quantity, "cancel at least one unit")
    order, stages = _line(act, line_id)
    takings, missing = rules.plan_cancellation(stages, quantity)
    if missing:
        on_the_floor = sum(getattr(stages, stage) for stage in rules.ON_THE_FLOOR)
        raise NotCancellable(quantity, quantity - missing, on_the_floor)
    _take(act, line_id, takings, reason)
    close_if_done(act, order)


def _line(act: Act, line: bytes) -> tuple[bytes, rules.Stages]:
    act.tx.flush()
    sql = f"SELECT order_id, {_STAGE_COLUMNS} FROM order_line WHERE id = ?"
    row = act.tx.row(sql, (line,))
    if row is None:
        raise NotFound("order line", line.hex())
    return bytes(row[0]), rules.Stages(*row[1:])


def _take(act: Act, line: bytes, takings: list[rules.Taking], reason: str) -> None:
    for stage, quantity in takings:
        if stage == "allocated":
            _end_claims(act, line, quantity)
        lines.move(act, line, stage, "cancelled", quantity, reason)


def _end_claims(act: Act, line: bytes, quantity: int) -> None:
    """Let go of allocated, unreleased stock of the line, newest claims first."""
    rows = act.tx.rows(
        "SELECT id FROM allocation WHERE order_line = ? AND state = 'ALLOCATED' "
        "ORDER BY created_at DESC, id DESC",
        (line,),
    )
    for (id,) in rows:
        held = claims.get(act, bytes(id))
        if held is None or quantity == 0:
            continue
        part = claims.split_off(act, held, min(quantity, held.quantity))
        claims.let_go(act, part, "DEALLOCATED")
        quantity -= part.quantity
    if quantity:
        raise WrongState("order line", line.hex(), "without enough claims", "allocated")


def cancel_order(act: Act, order: bytes, reason: str) -> None:
    """Cancel all that is not shipped yet. Refused as a whole while people have some in hand.

    Raises NotCancellable, WrongState (closed already), NotFound.
    """
    require_open(act, order)
    total = rules.sum_of(stages_of_order(act, order))
    on_the_floor = sum(getattr(total, stage) for stage in rules.ON_THE_FLOOR)
    possible = sum(getattr(total, stage) for stage in rules.CANCELLABLE)
    if on_the_floor:
        raise NotCancellable(possible + on_the_floor, possible, on_the_floor)
    for (line,) in act.tx.rows("SELECT id FROM order_line WHERE order_id = ?", (order,)):
        stages = _line(act, bytes(line))[1]
        _take(act, bytes(line), rules.plan_cancellation(stages, possible)[0], reason)
    close_if_done(act, order)


def close_if_done(act: Act, order: bytes) -> str | None:
    """Close an order for which nothing is left to do; returns CLOSED, CANCELLED or None.

    Called after shipping and cancelling; safe to repeat. Holds that still stand are lifted.
    """
    number_state = _state_of(act, order)[1]
    after = rules.closing_state(stages_of_order(act, order))
    if after is None or number_state not in OPEN_STATES:
        return None
    _step(act, order, number_state, after)
    act.tx.run(
        "UPDATE order_hold SET state = 'RELEASED', released_at = ? "
        "WHERE order_id = ? AND state = 'PLACED'",
        (act.now_us, order),
    )
    return after


def set_priority(act: Act, order: bytes, priority: int) -> None:
    """Orders of a higher priority are planned first; raises WrongState when it is closed."""
    require_open(act, order)
    act.tx.run("UPDATE sales_order SET priority = ? WHERE id = ?", (priority, order))


def take_back(
    act: Act, company: str, external_id: str, line: bytes, quantity: int,
    *, price_micros: int = 0, at: int | None = None,
) -> bytes:  # fmt: skip
    """Note that shipped units of a line came back; returns the return's id.

    Raises NotThatManyShipped, NotFound. The goods themselves enter stock when they are received.
    """
    act.tx.flush()
    row = act.tx.row("SELECT order_id, item FROM order_line WHERE id = ?", (line,))
    if row is None:
        raise NotFound("order line", line.hex())
    changed = act.tx.run(
        "UPDATE order_line SET returned = returned + ? WHERE id = ? AND shipped - returned >= ?",
        (quantity, line, quantity),
    )
    if changed != 1:
        raise NotThatManyShipped(line, quantity)
    lines.record(act, line, "", "returned", quantity, external_id)
    id = act.new_id()
    act.tx.add(
        _insert_return,
        (id, company, external_id, bytes(row[0]), line, bytes(row[1]), quantity, price_micros,
         "MATCHED", act.now_us if at is None else at),
    )  # fmt: skip
    return id


def note_unmatched_return(
    act: Act, company: str, external_id: str, item: bytes, quantity: int,
    *, price_micros: int = 0, at: int | None = None,
) -> bytes:  # fmt: skip
    """Note goods that somebody gives back and no order is known for; a person looks at the list."""
    id = act.new_id()
    act.tx.add(
        _insert_return,
        (id, company, external_id, None, None, item, quantity, price_micros, "UNMATCHED",
         act.now_us if at is None else at),
    )  # fmt: skip
    return id
