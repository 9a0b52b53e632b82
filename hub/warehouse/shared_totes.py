"""Totes that hold, or are about to hold, goods of two orders. Owns TOTE_SHARED: when it is opened,
and that it closes with the last parcel packed from the tote.

Packing asks for each order by itself, so nothing is wrong in the books; but whoever packs has to
know that what is left in the tote is wanted too.
"""

from __future__ import annotations

from hub.floor_exceptions import open_exception
from hub.journal import Act
from hub.shipping.contents import held_in


def note(act: Act, tote: bytes, order: bytes, assignment: bytes, slot: str) -> None:
    """The tote is put into a slot for `order`: tell somebody if it is in use for another."""
    if _is_anothers(act, tote, order):
        open_exception(act, "TOTE_SHARED", place=tote, assignment=assignment, slot=slot)


def _is_anothers(act: Act, tote: bytes, order: bytes) -> bool:
    """Whether goods of another order are in it by the books, or it stands in a slot of other work
    that goes on. One that was left empty when its work ended is anybody's.
    """
    held = act.tx.row("SELECT holder, state FROM place WHERE id = ?", (tote,))
    if held is None or held[0] in (None, order) or held[1] in ("EMPTY", "ACTIVE"):
        return False
    act.tx.flush()
    if any(goods.claim.order != order for goods in held_in(act, tote)):
        return True
    standing = act.tx.row(
        "SELECT 1 FROM slot_tote s JOIN assignment a ON a.id = s.assignment "
        "JOIN assignment_slot o ON o.assignment = s.assignment AND o.slot = s.slot "
        "WHERE s.tote = ? AND o.order_id <> ? AND a.state NOT IN ('COMPLETED', 'CANCELLED') "
        "LIMIT 1",
        (tote, order),
    )
    return standing is not None


def is_unloaded(act: Act, tote: bytes) -> None:
    """Nothing is left in it for any order: whatever was shared is told apart. May be repeated."""
    act.tx.flush()
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolved_by = ?, "
        "resolution = 'PACKED_APART' WHERE site = ? AND kind = 'TOTE_SHARED' AND place = ? "
        "AND state = 'OPEN'",
        (act.now_us, act.actor, act.site, tote),
    )
