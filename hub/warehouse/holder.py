"""Who has a piece of work, and what the hub tells them of it: take it, or let it go.

Owns the reading of an assignment's holder and the commands to it. Decides nothing: `offers`,
`taking_back` and `revisions` do, each in one guarded statement of its own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub import outbox
from hub.errors import NotFound
from hub.journal import Act
from hub.warehouse.work_message import build_message
from protocols.messages.commands import OfferAssignment, RevokeAssignment

FREE: Final = (
    "device = '', person = NULL, rev = rev + 1, lease_token = lease_token + 1, lease_until = 0, "
    "asked_back_at = NULL, held_since = NULL"
)
"""What an UPDATE of `assignment` sets where its holder loses it. The token fences them off."""


class Held(NamedTuple):
    """What is needed of an assignment to decide about its holder."""

    id: bytes
    state: str
    device: str
    person: bytes | None
    rev: int
    asked_back_at: int | None


def read(act: Act, assignment: bytes) -> Held:
    """Who holds it; raises NotFound."""
    act.tx.flush()
    row: Any = act.tx.row(
        "SELECT id, state, device, person, rev, asked_back_at FROM assignment WHERE id = ?",
        (assignment,),
    )
    if row is None:
        raise NotFound("assignment", assignment.hex())
    return Held(bytes(row[0]), *row[1:])


def send_offer(act: Act, assignment: bytes, device: str) -> None:
    """Send the present revision; one that still waits to be sent or answered is obsolete."""
    outbox.withdraw(act, device, assignment, "OfferAssignment")
    offer = OfferAssignment(build_message(act, assignment))
    outbox.send(act, device, offer, assignment)


def send_revoke(act: Act, assignment: bytes, rev: int, device: str, reason: str) -> None:
    """Tell a device to let go of work, however often it was told before."""
    outbox.send(act, device, RevokeAssignment(assignment.hex(), rev, reason), assignment)


def send_offer_unless_on_its_way(act: Act, assignment: bytes, device: str) -> bool:
    """Say the present revision to its holder, unless an offer of it is on its way; True if said."""
    if _is_on_its_way(act, assignment, device, "OfferAssignment"):
        return False
    send_offer(act, assignment, device)
    return True


def send_revoke_unless_on_its_way(
    act: Act, assignment: bytes, rev: int, device: str, reason: str
) -> bool:
    """Tell a device to let go of what is not its own, unless that is on its way; True if said."""
    if _is_on_its_way(act, assignment, device, "RevokeAssignment"):
        return False
    send_revoke(act, assignment, rev, device, reason)
    return True


def _is_on_its_way(act: Act, assignment: bytes, device: str, kind: str) -> bool:
    """Whether a command about this work was not answered yet; the sender drops some by itself."""
    act.tx.flush()
    sql = (
        "SELECT 1 FROM outbox_message WHERE subject = ? AND device = ? AND type = ? "
        "AND state IN ('UNSENT', 'SENT')"
    )
    return act.see(bool, lambda: act.tx.row(sql, (assignment, device, kind)) is not None)
