"""How an assignment gets on, as its holder's events tell: started, suspended, resumed, completed,
totes in slots, lease renewed. Offers and re-planning are in `dispatch.py`.

These are facts, so a step that the state machine has no arrow for (late, repeated, after a revoke)
changes nothing and is no refusal.
"""

from __future__ import annotations

from hub.floor_exceptions import open_exception
from hub.inventory import claims
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import shared_totes
from hub.warehouse.reserve_setting import LEASE_US, lease_us


def start(act: Act, assignment: bytes) -> None:
    """The first act on it; its wave is in progress from here. Nobody takes what another holds.

    What was asked back meanwhile stays so: it goes once the device answers.
    """
    act.tx.flush()
    started = act.tx.run(
        "UPDATE assignment SET state = 'IN_PROGRESS', device = ?, "
        "started_at = COALESCE(started_at, ?), person = COALESCE(?, person), lease_until = ? "
        "WHERE id = ? AND device IN ('', ?) "
        "AND state IN ('READY', 'OFFERED', 'ASSIGNED', 'SUSPENDED')",
        (act.device, act.occurred_at, act.actor, act.now_us + lease_us(act), assignment,
         act.device),
    )  # fmt: skip
    if started != 1:
        return
    act.tx.run(
        "UPDATE assignment SET asked_back_at = ? WHERE id = ? AND asked_back_at IS NULL AND EXISTS "
        "(SELECT 1 FROM outbox_message m WHERE m.subject = assignment.id AND m.device = ? "
        "AND m.type = 'RevokeAssignment' AND m.state IN ('UNSENT', 'SENT'))",
        (act.now_us, assignment, act.device),
    )
    act.tx.run(
        "UPDATE wave SET state = 'IN_PROGRESS' WHERE state = 'RELEASED' AND id = "
        "(SELECT wave FROM assignment WHERE id = ?)",
        (assignment,),
    )


def suspend(act: Act, assignment: bytes, reason: str) -> None:
    """A break or log-out: whoever logs in with the same badge goes on, on any device."""
    if _is_holder(act, assignment) and _step(
        act, assignment, "SUSPENDED", ("IN_PROGRESS", "ASSIGNED")
    ):
        act.tx.run(
            "UPDATE assignment SET reason = ?, held_since = ? WHERE id = ?",
            (reason, act.now_us, assignment),
        )


def resume(act: Act, assignment: bytes) -> None:
    if _is_holder(act, assignment):
        _step(act, assignment, "IN_PROGRESS", ("SUSPENDED",))


def _is_holder(act: Act, assignment: bytes) -> bool:
    """Whether it is with the device that tells, or with none: late news stop nobody else."""
    row = act.tx.row("SELECT device FROM assignment WHERE id = ?", (assignment,))
    return row is not None and row[0] in ("", act.device)


def complete(act: Act, assignment: bytes) -> None:
    """Every line is over; if the hub knows better, a person looks at it: unless others are at it,
    who go on.
    """
    row = act.tx.row(
        "SELECT COUNT(*) FROM work_line WHERE assignment = ? "
        "AND state NOT IN ('DONE', 'SHORT', 'SUBSTITUTED', 'CANCELLED')",
        (assignment,),
    )
    left = 0 if row is None else int(row[0])
    if left and not _is_holder(act, assignment):
        return
    if left:
        open_exception(act, "WORK_LEFT", assignment=assignment, quantity=left)
        _step(act, assignment, "EXCEPTION", ("IN_PROGRESS", "ASSIGNED", "SUSPENDED"))
        return
    if _step(act, assignment, "COMPLETED", ("IN_PROGRESS", "ASSIGNED", "SUSPENDED", "EXCEPTION")):
        act.tx.run(
            "UPDATE assignment SET completed_at = ? WHERE id = ?", (act.occurred_at, assignment)
        )


def reopen(act: Act, assignment: bytes) -> None:
    """An undo in a completed assignment brings it back."""
    _step(act, assignment, "IN_PROGRESS", ("COMPLETED", "EXCEPTION"))


def _step(act: Act, assignment: bytes, after: str, before: tuple[str, ...]) -> bool:
    marks = ", ".join("?" * len(before))
    changed = act.tx.run(
        f"UPDATE assignment SET state = ? WHERE id = ? AND state IN ({marks})",
        (after, assignment, *before),
    )
    return changed == 1


def renew_lease(act: Act, assignment: bytes, lease_until: int) -> None:
    """A sign of life of the holder; written only when half of the lease is used up."""
    if lease_until - act.now_us < LEASE_US // 2:
        act.tx.run(
            "UPDATE assignment SET lease_until = ? WHERE id = ? AND lease_until < ?",
            (act.now_us + lease_us(act), assignment, act.now_us + LEASE_US),
        )


def note_conflict(act: Act, assignment: bytes, holder: str, rev: int | None) -> None:
    """Somebody works on what is given to another now; one open exception for each pair.

    None while they are being told to let go: this is what they did before they heard it.
    """
    if _is_noted(act, assignment):
        return
    act.tx.flush()
    if not (_is_noted(act, assignment) or _is_being_told(act, assignment)):
        open_exception(act, "LEASE_CONFLICT", assignment=assignment, holder=holder, rev=rev)


def _is_noted(act: Act, assignment: bytes) -> bool:
    there = act.tx.row(
        "SELECT 1 FROM floor_exception WHERE assignment = ? AND state = 'OPEN' "
        "AND kind = 'LEASE_CONFLICT' AND device = ?",
        (assignment, act.device),
    )
    return there is not None


def _is_being_told(act: Act, assignment: bytes) -> bool:
    told = act.tx.row(
        "SELECT 1 FROM outbox_message WHERE subject = ? AND device = ? "
        "AND type = 'RevokeAssignment' AND state IN ('UNSENT', 'SENT')",
        (assignment, act.device),
    )
    return told is not None


def place_tote(act: Act, assignment: bytes, slot: str, tote: bytes, order: bytes) -> None:
    """A tote stands in a slot now; a further one joins those before it."""
    shared_totes.note(act, tote, order, assignment, slot)
    act.tx.run(
        "UPDATE place SET state = 'FILLING', holder = ? WHERE id = ? AND state <> 'AT_STATION'",
        (order, tote),
    )
    act.tx.run(
        "INSERT INTO slot_tote (assignment, slot, n, tote) "
        "SELECT ?, ?, COALESCE(MAX(n), 0) + 1, ? FROM slot_tote WHERE assignment = ? AND slot = ?",
        (assignment, slot, tote, assignment, slot),
    )


def take_tote_back(act: Act, assignment: bytes, tote: bytes) -> None:
    """The opposite of `place_tote`, for a tote into which nothing was picked."""
    act.tx.run(
        "DELETE FROM slot_tote WHERE assignment = ? AND tote = ? AND NOT EXISTS "
        "(SELECT 1 FROM balance WHERE place = ? AND on_hand > 0)",
        (assignment, tote, tote),
    )
    act.tx.run(
        "UPDATE place SET state = 'EMPTY', holder = NULL WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM slot_tote WHERE tote = ?)",
        (tote, tote),
    )


def drop_replacement(act: Act, line: bytes) -> int:
    """Let go of the lines that fetch this line's missing units elsewhere, as far as unpicked.

    Returns how many units are backordered again for want of them, the former ones included.
    """
    rows = act.tx.rows(
        "SELECT id, allocation FROM work_line WHERE replaces = ? AND picked = 0 "
        "AND state NOT IN ('DONE', 'SHORT', 'CANCELLED')",
        (line,),
    )
    for id, allocation in rows:
        held = claims.get(act, bytes(allocation))
        if held is None or held.state != "RELEASED":
            continue
        claims.let_go(act, held, "DEALLOCATED")
        lines.move(act, held.order_line, "released", "backordered", held.quantity, "undo")
        act.tx.run("UPDATE work_line SET state = 'CANCELLED' WHERE id = ?", (bytes(id),))
    row = act.tx.row(
        "SELECT backordered FROM order_line WHERE id = "
        "(SELECT order_line FROM work_line WHERE id = ?)",
        (line,),
    )
    return 0 if row is None else int(row[0])
