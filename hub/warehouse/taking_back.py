"""Getting work back from whoever has it: asking, forcing, handing over, setting aside.

Owns the assignment's way from its holder back to READY, on the hub's or a supervisor's word. It is
two-phase: work stays its holder's until they answer, unless a supervisor does not want to wait.
What its holder declines by themselves is in `offers`, silence in `leases`.
"""

from __future__ import annotations

from typing import Final

from hub import outbox
from hub.errors import WrongState
from hub.journal import Act
from hub.warehouse import holder
from hub.warehouse.states import HELD_BY_SOMEBODY
from protocols.messages.commands import RevokeAssignment

ASKED_BACK: Final = "RESERVE"
"""Why work in reserve is asked back: others have none."""


def ask_back_unbegun(act: Act, id: bytes) -> bool:
    """Ask the holder for work that nobody has begun; False when it is begun or asked for by now.

    It stays theirs until they answer, and theirs altogether if they have begun meanwhile.
    """
    asked = act.tx.run(
        "UPDATE assignment SET asked_back_at = ? WHERE id = ? AND state = 'ASSIGNED' "
        "AND started_at IS NULL AND asked_back_at IS NULL",
        (act.now_us, id),
    )
    if asked != 1:
        return False
    held = holder.read(act, id)
    wanted = RevokeAssignment(id.hex(), held.rev, ASKED_BACK, unless_begun=True)
    outbox.send(act, held.device, wanted, id)
    return True


def revoke(act: Act, assignment: bytes, reason: str) -> None:
    """Ask the holder to give work back: it stays theirs until they answer. Raises WrongState.

    Suspended work that is on no device is free at once.
    """
    held = holder.read(act, assignment)
    if held.state not in HELD_BY_SOMEBODY:
        raise WrongState("assignment", assignment.hex(), held.state, "held by somebody")
    if not held.device:
        give_up(act, assignment, reason)
        return
    act.tx.run("UPDATE assignment SET asked_back_at = ? WHERE id = ?", (act.now_us, assignment))
    holder.send_revoke(act, assignment, held.rev, held.device, reason)


def answered_revoke(
    act: Act, assignment: bytes, device: str, accepted: bool, code: str = ""
) -> None:
    """The second phase: the holder let go (or never had it), so the work is anybody's again.

    Safe to repeat; an answer about work that is over, with somebody else by now, or that nobody
    knows, frees nothing. Who lets go is heard again, and at nobody else's work any more.
    """
    if accepted:
        _end_conflict(act, assignment, device)
    row = act.tx.row(
        "SELECT asked_back_at, state FROM assignment WHERE id = ? AND device = ?",
        (assignment, device),
    )
    if row is None or row[0] is None:
        return
    if accepted and row[1] in HELD_BY_SOMEBODY:
        give_up(act, assignment, code)
        return
    act.tx.run(
        "UPDATE assignment SET asked_back_at = NULL, reason = ? WHERE id = ?", (code, assignment)
    )


def _end_conflict(act: Act, assignment: bytes, device: str) -> None:
    act.tx.flush()
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolution = 'LET_GO' "
        "WHERE site = ? AND state = 'OPEN' AND assignment = ? AND (kind = 'LEASE_EXPIRED' "
        "OR kind = 'LEASE_CONFLICT' AND device = ?)",
        (act.now_us, act.site, assignment, device),
    )


def give_up(act: Act, assignment: bytes, reason: str) -> None:
    """Make held work READY for anybody, with the counts and totes it has. Raises WrongState.

    By a supervisor also without the holder's answer: what they still report is a conflict then,
    and no loss.
    """
    marks = ", ".join("?" * len(HELD_BY_SOMEBODY))
    changed = act.tx.run(
        f"UPDATE assignment SET state = 'READY', reason = ?, {holder.FREE} "
        f"WHERE id = ? AND state IN ({marks})",
        (reason, assignment, *HELD_BY_SOMEBODY),
    )
    if changed != 1:
        found = holder.read(act, assignment)
        raise WrongState("assignment", assignment.hex(), found.state, "held by somebody")


def hand_over(act: Act, assignment: bytes, reason: str, *, person: bytes | None = None) -> None:
    """A supervisor gives held work to whoever asks next, or to `person`, without waiting.

    Raises WrongState.
    """
    held = holder.read(act, assignment)
    give_up(act, assignment, reason)
    if held.device:
        holder.send_revoke(act, assignment, held.rev, held.device, reason)
    if person is not None:
        set_aside(act, assignment, person)


def set_aside(act: Act, assignment: bytes, person: bytes | None) -> None:
    """Keep READY work for one person, or (None) give it free for anybody. May be repeated.

    Raises WrongState when somebody has it already.
    """
    since = None if person is None else act.now_us
    changed = act.tx.run(
        "UPDATE assignment SET person = ?, held_since = ? WHERE id = ? AND state = 'READY'",
        (person, since, assignment),
    )
    if changed != 1:
        found = holder.read(act, assignment)
        raise WrongState("assignment", assignment.hex(), found.state, "READY")
