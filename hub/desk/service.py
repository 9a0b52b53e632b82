"""Acts that touch several capabilities at once: a count below what is promised, a claim let go."""

from __future__ import annotations

from hub.errors import NotFound, WrongState
from hub.inventory import claims
from hub.inventory import service as inventory
from hub.inventory.models import Balance
from hub.journal import Act
from hub.orders import lines
from hub.warehouse.dispatch import replan_displaced


def count(act: Act, balance: Balance, delta: int, reason: str) -> int:
    """Post what a person found: always accepted. Orders that held what is missing are planned anew.

    Returns how many claims were displaced. Raises BadValue for no difference, NotEnoughStock when
    units in a tote or parcel are said to be missing.
    """
    row = act.tx.row("SELECT on_hand - allocated FROM balance WHERE id = ?", (balance.id,))
    free = int(row[0]) if row else 0
    missing = max(0, -delta - free)
    displaced = inventory.release_claims(act, balance.id, missing) if missing else []
    inventory.adjust(
        act, balance.place, balance.item, delta, reason, lot=balance.lot, status=balance.status
    )
    if displaced:
        replan_displaced(act, displaced)
    return len(displaced)


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
