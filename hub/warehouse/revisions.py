"""Newer revisions of work that somebody may have: `rev` goes up, and its holder is told.

Owns that, and the end of work of which nothing is left. What changed of it, others have written.
"""

from __future__ import annotations

from hub import outbox
from hub.journal import Act
from hub.warehouse import holder
from hub.warehouse.holder import Held
from hub.warehouse.states import HELD_BY_SOMEBODY


def revise(act: Act, assignment: bytes) -> None:
    """The work has changed: raise `rev`, and send the holder the new revision.

    Work of which nothing is left and that nobody has begun is over.
    """
    act.tx.run("UPDATE assignment SET rev = rev + 1 WHERE id = ?", (assignment,))
    held = holder.read(act, assignment)
    if _end_empty(act, held):
        return
    if held.device and held.state in HELD_BY_SOMEBODY:
        holder.send_offer(act, assignment, held.device)


def _end_empty(act: Act, held: Held) -> bool:
    """Every line was taken off or done by others: CANCELLED, and whoever has it lets go."""
    ended = act.tx.run(
        "UPDATE assignment SET state = 'CANCELLED', completed_at = ?, reason = 'NOTHING_LEFT' "
        "WHERE id = ? AND started_at IS NULL AND state IN ('READY', 'OFFERED', 'ASSIGNED') "
        "AND NOT EXISTS "
        "(SELECT 1 FROM work_line w WHERE w.assignment = assignment.id "
        "AND w.state NOT IN ('DONE', 'SHORT', 'SUBSTITUTED', 'CANCELLED'))",
        (act.now_us, held.id),
    )
    if ended != 1:
        return False
    if held.device:
        outbox.withdraw(act, held.device, held.id, "OfferAssignment")
        holder.send_revoke(act, held.id, held.rev, held.device, "NOTHING_LEFT")
    return True
