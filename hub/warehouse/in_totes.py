"""Units that were picked and that nobody wants any more: they stay in the tote, free for others,
and somebody puts them back. Owns cancelling between picking and packing.
"""

from __future__ import annotations

from hub.floor_exceptions import open_exception
from hub.inventory import claims
from hub.inventory.claims import Claim
from hub.journal import Act
from hub.orders import lines
from hub.orders.service import close_if_done


def cancel_in_totes(act: Act, order_line: bytes, quantity: int, reason: str) -> int:
    """Cancel picked units that no packer has seen yet; returns how many were. Repeat for more.

    At the bench they are left over, and so are not packed.
    """
    act.tx.flush()
    left = min(quantity, _unseen(act, order_line))
    cancelled = 0
    for held in _picked(act, order_line) if left > 0 else ():
        part = claims.split_off(act, held, min(left - cancelled, held.quantity))
        _leave_in_tote(act, part, reason)
        cancelled += part.quantity
        if cancelled == left:
            close_if_done(act, held.order)
            break
    return cancelled


def _unseen(act: Act, order_line: bytes) -> int:
    """Units in totes, less those that were verified into a parcel still open."""
    row = act.tx.row(
        "SELECT COALESCE(SUM(l.quantity), 0) FROM parcel_line l JOIN parcel p ON p.id = l.parcel "
        "WHERE l.order_line = ? AND p.state = 'OPEN'",
        (order_line,),
    )
    verified = 0 if row is None else int(row[0])
    return sum(held.quantity for held in _picked(act, order_line)) - verified


def _picked(act: Act, order_line: bytes) -> list[Claim]:
    rows = act.tx.rows(
        "SELECT a.id FROM allocation a JOIN place p ON p.id = a.place WHERE a.order_line = ? "
        "AND a.state = 'PICKED' AND p.kind = 'TOTE' ORDER BY a.created_at DESC, a.id DESC",
        (order_line,),
    )
    found = (claims.get(act, bytes(id)) for (id,) in rows)
    return [held for held in found if held is not None]


def _leave_in_tote(act: Act, held: Claim, reason: str) -> None:
    claims.let_go(act, held, "DEALLOCATED")
    lines.move(act, held.order_line, "picked", "cancelled", held.quantity, reason)
    open_exception(
        act, "PUT_BACK", place=held.place, item=held.item, quantity=held.quantity,
        order_line=held.order_line, claim=held.id.hex(),
    )  # fmt: skip
