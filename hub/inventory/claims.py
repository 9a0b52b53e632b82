"""Hard allocations: who holds which stock. Owns the allocation table and `balance.allocated`
as far as goods stay where they are.

Each taking is one guarded statement; of two takers of the last piece one wins. Callers keep the
order line's quantities in step (`hub.orders.lines`) inside the same act.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.db import Insert
from hub.errors import WrongState
from hub.inventory.models import Allocation
from hub.journal import Act

HOLDING: Final = ("ALLOCATED", "RELEASED", "PICKED")
"""States that count in `balance.allocated`."""

_insert = Insert(Allocation)
_CLAIM: Final = (
    "UPDATE balance SET allocated = allocated + ? WHERE id = ? AND on_hand - allocated >= ?"
)
_UNCLAIM: Final = "UPDATE balance SET allocated = allocated - ? WHERE id = ? AND allocated >= ?"


class Claim(NamedTuple):
    """An allocation as its holder sees it."""

    id: bytes
    balance: bytes
    order: bytes
    order_line: bytes
    item: bytes
    place: bytes
    quantity: int
    state: str


_CARRY: Final = (
    "UPDATE allocation SET state = ?, balance = ?, place = ?, changed_at = ? "
    "WHERE id = ? AND state = ? AND quantity = ?"
)
_COLUMNS: Final = "id, balance, order_id, order_line, item, place, quantity, state"


def claim(
    act: Act, balance: bytes, quantity: int, *, order: bytes, order_line: bytes, item: bytes,
    place: bytes, reason: str, state: str = "ALLOCATED",
) -> bytes | None:  # fmt: skip
    """Hold units of a balance for an order line; None when somebody else was faster."""
    if act.tx.run(_CLAIM, (quantity, balance, quantity)) != 1:
        return None
    return _write(act, balance, order, order_line, item, place, quantity, state, reason)


class Wanted(NamedTuple):
    """A claim that somebody wants to make."""

    balance: bytes
    quantity: int
    order: bytes
    order_line: bytes
    item: bytes
    place: bytes
    reason: str


def claim_each(act: Act, wanted: Sequence[Wanted]) -> list[bytes | None]:
    """`claim` for many, ALLOCATED: the ids, None where somebody else was faster.

    The rows are gathered inserts: flush before reading them.
    """
    touched = act.tx.run_each(_CLAIM, [(w.quantity, w.balance, w.quantity) for w in wanted])
    return [
        _gather(act, want) if count == 1 else None
        for want, count in zip(wanted, touched, strict=True)
    ]


def _gather(act: Act, want: Wanted) -> bytes:
    id = act.new_id()
    act.tx.add(
        _insert,
        (id, act.site, want.balance, want.order, want.order_line, want.item, want.place,
         want.quantity, "ALLOCATED", want.reason, None, act.now_us, act.now_us),
    )  # fmt: skip
    return id


def carry(act: Act, held: Claim, balance: bytes, place: bytes, after: str = "PICKED") -> Claim:
    """Let a claim go along with its goods, posted with `claimed` and `keeps_claim`.

    The posting has moved the count; raises WrongState when the claim has changed meanwhile.
    """
    changed = act.tx.take(
        _CARRY,
        (after, balance, place, act.now_us, held.id, held.state, held.quantity),
    )
    if changed != 1:
        raise WrongState("allocation", held.id.hex(), "different", held.state)
    return Claim(
        held.id, balance, held.order, held.order_line, held.item, place, held.quantity, after
    )


def _write(
    act: Act, balance: bytes, order: bytes, order_line: bytes, item: bytes, place: bytes,
    quantity: int, state: str, reason: str, split_from: bytes | None = None,
) -> bytes:  # fmt: skip
    id = act.new_id()
    act.tx.run(
        _insert.sql,
        (id, act.site, balance, order, order_line, item, place, quantity, state, reason,
         split_from, act.now_us, act.now_us),
    )  # fmt: skip
    return id


def get(act: Act, id: bytes) -> Claim | None:
    row = act.tx.row(f"SELECT {_COLUMNS} FROM allocation WHERE id = ?", (id,))
    return None if row is None else _claim(row)


def of_balance(act: Act, balance: bytes) -> list[Claim]:
    """Who holds this stock: weakest claim first (ALLOCATED before RELEASED, newest first)."""
    rows = act.tx.rows(
        f"SELECT {_COLUMNS} FROM allocation WHERE balance = ? AND state IN "
        "('ALLOCATED', 'RELEASED', 'PICKED') ORDER BY state, created_at DESC, id DESC",
        (balance,),
    )
    return [_claim(row) for row in rows]


def _claim(row: tuple[object, ...]) -> Claim:
    parts = [bytes(p) if isinstance(p, memoryview) else p for p in row]
    return Claim(*parts)  # type: ignore[arg-type]


_ADVANCE: Final = "UPDATE allocation SET state = ?, changed_at = ? WHERE id = ? AND state = ?"


def advance(act: Act, id: bytes, before: str, after: str) -> None:
    """One step of the claim's state machine that changes no quantity; raises WrongState."""
    advance_each(act, [id], before, after)


def advance_each(act: Act, ids: Sequence[bytes], before: str, after: str) -> None:
    """`advance` for many; raises WrongState for the first that is in another state."""
    touched = act.tx.run_each(_ADVANCE, [(after, act.now_us, id, before) for id in ids])
    for id, count in zip(ids, touched, strict=True):
        if count != 1:
            raise WrongState("allocation", id.hex(), "different", before)


def split_off(act: Act, held: Claim, quantity: int) -> Claim:
    """Cut `quantity` units off a claim into one of its own, same state; the rest stays.

    Returns `held` itself when it is the whole claim.
    """
    if quantity == held.quantity:
        return held
    changed = act.tx.run(
        "UPDATE allocation SET quantity = quantity - ?, changed_at = ? "
        "WHERE id = ? AND state = ? AND quantity > ?",
        (quantity, act.now_us, held.id, held.state, quantity),
    )
    if changed != 1:
        raise WrongState("allocation", held.id.hex(), "different", held.state)
    id = _write(
        act, held.balance, held.order, held.order_line, held.item, held.place, quantity,
        held.state, "", split_from=held.id,
    )  # fmt: skip
    return held._replace(id=id, quantity=quantity)


def let_go(act: Act, held: Claim, after: str) -> None:
    """End a claim whose goods stay where they are: DEALLOCATED or SHORTED."""
    advance(act, held.id, held.state, after)
    if act.tx.run(_UNCLAIM, (held.quantity, held.balance, held.quantity)) != 1:
        raise WrongState("balance", held.balance.hex(), "not allocated enough", "allocated")


def consume(act: Act, held: Claim) -> None:
    """End a claim whose goods were posted away with `claimed=True`."""
    advance(act, held.id, held.state, "CONSUMED")


def join(act: Act, held: Claim, into: Claim) -> None:
    """Make two claims of one holder on one balance one again: the opposite of `split_off`."""
    advance(act, held.id, held.state, "DEALLOCATED")
    changed = act.tx.run(
        "UPDATE allocation SET quantity = quantity + ?, changed_at = ? "
        "WHERE id = ? AND state = ? AND balance = ?",
        (held.quantity, act.now_us, into.id, into.state, held.balance),
    )
    if changed != 1:
        raise WrongState("allocation", into.id.hex(), "different", into.state)
