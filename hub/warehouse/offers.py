"""Who gets which work: offers and their answers, taking back, handing over, revisions.

Owns the assignment's way between READY and its holder, `rev`, and the fencing token of its lease.
What the holder reports (started, suspended, completed) is in `progress`, what is given ahead in
`reserve`, silence in `leases`. Every step is one guarded statement, so of two people who reach for
the same work one gets it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub import outbox
from hub.errors import NotFound, WrongState
from hub.ids import NIL
from hub.journal import Act
from hub.warehouse.reserve_setting import lease_us
from hub.warehouse.states import HELD_BY_SOMEBODY
from hub.warehouse.work_message import build_message
from protocols.messages.commands import OfferAssignment, RevokeAssignment

OFFER_US: Final = 120 * 1_000_000
"""How long an offer may stay unanswered before the work is anybody's again."""
ASKED_BACK: Final = "RESERVE"
"""Why work in reserve is asked back: others have none."""
TRIED_MAX: Final = 8
"""Candidates tried for one request before the device waits for the next turn."""

_GIVEN: Final = (
    "state = 'OFFERED', device = ?, person = ?, rev = rev + 1, lease_token = lease_token + 1, "
    "lease_until = ?, held_since = ?"
)
_FREE_HOLDER: Final = (
    "device = '', person = NULL, rev = rev + 1, lease_token = lease_token + 1, lease_until = 0, "
    "asked_back_at = NULL, held_since = NULL"
)


class Held(NamedTuple):
    """What is needed of an assignment to decide about its holder."""

    id: bytes
    state: str
    device: str
    person: bytes | None
    rev: int
    asked_back_at: int | None


def offer_next(act: Act, device: str, person: bytes, slots: int = 1) -> bool:
    """Offer a person's device its next work; False when there is none, and then it is remembered.

    First what the same person left suspended, on whatever device; then READY work that fits the
    cart: what was set aside for them, then by priority, wave and sequence; never what was set aside
    for somebody else. A device that has work it has not begun asks in vain: that comes first.
    """
    act.tx.flush()
    held = act.tx.row(
        "SELECT 1 FROM assignment WHERE device = ? AND site = ? "
        "AND state IN ('OFFERED', 'ASSIGNED') LIMIT 1",
        (device, act.site),
    )
    if held is not None:
        return False
    chosen = _resume(act, device, person) or _take_ready(act, device, person, slots)
    if chosen is None:
        _wait(act, device, person, slots)
        return False
    forget_request(act, device)
    _send_offer(act, chosen, device)
    return True


def _resume(act: Act, device: str, person: bytes) -> bytes | None:
    """The person's own suspended work goes to the device that they hold now."""
    if person == NIL:
        return None
    row = act.tx.row(
        "SELECT id, device, rev FROM assignment WHERE site = ? AND state = 'SUSPENDED' "
        "AND person = ? ORDER BY started_at, id LIMIT 1",
        (act.site, person),
    )
    if row is None:
        return None
    id, before, rev = bytes(row[0]), str(row[1]), int(row[2])
    if before != device:
        changed = act.tx.run(
            "UPDATE assignment SET device = ?, rev = rev + 1, lease_token = lease_token + 1, "
            "lease_until = ? WHERE id = ? AND state = 'SUSPENDED' AND rev = ?",
            (device, act.now_us + lease_us(act), id, rev),
        )
        if changed != 1:
            return None
        if before:
            _send_revoke(act, id, rev, before, "RESUMED_ELSEWHERE")
    return id


def _take_ready(act: Act, device: str, person: bytes, slots: int) -> bytes | None:
    rows = act.tx.rows(
        "SELECT a.id FROM assignment a JOIN wave w ON w.id = a.wave "
        "WHERE a.site = ? AND a.state = 'READY' AND a.slots <= ? "
        "AND w.state IN ('RELEASED', 'IN_PROGRESS') AND (a.person IS NULL OR a.person = ?) "
        "ORDER BY a.person IS NULL, a.priority DESC, w.released_at, w.code, a.sequence, a.id "
        "LIMIT ?",
        (act.site, slots, person, TRIED_MAX),
    )
    for (id,) in rows:
        if _give(act, bytes(id), device, person, act.now_us):
            return bytes(id)
    return None


def _give(act: Act, id: bytes, device: str, person: bytes, since_us: int) -> bool:
    """READY → OFFERED, unless somebody was faster or it is kept for another."""
    whose = None if person == NIL else person
    given = act.tx.run(
        f"UPDATE assignment SET {_GIVEN} WHERE id = ? AND state = 'READY' "
        "AND (person IS NULL OR person = ?)",
        (device, whose, act.now_us + OFFER_US, since_us, id, person),
    )
    return given == 1


def offer_in_reserve(act: Act, id: bytes, device: str, person: bytes, n: int = 0) -> bool:
    """Offer READY work to a device that is at other work; False when it is gone by now.

    `n` counts the offers of one act: what comes later is asked back earlier.
    """
    if not _give(act, id, device, person, act.now_us + n):
        return False
    _send_offer(act, id, device)
    return True


def give_again(act: Act, id: bytes, device: str) -> bool:
    """Whoever comes back with work that nobody has taken since its lease ended is offered it again,
    and goes on with it; False when somebody was faster. The order to let go is withdrawn.
    """
    given = act.tx.run(
        "UPDATE assignment SET state = 'OFFERED', device = ?, reason = '', lease_until = ?, "
        "lease_token = lease_token + 1, held_since = ?, "
        "person = (SELECT d.person FROM device d WHERE d.site = ? AND d.name = ?) "
        "WHERE id = ? AND state = 'READY' AND reason = 'LEASE_EXPIRED'",
        (device, act.now_us + OFFER_US, act.now_us, act.site, device, id),
    )
    if given != 1:
        return False
    outbox.withdraw(act, device, id, "RevokeAssignment")
    revise(act, id)
    return True


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
    held = read(act, id)
    wanted = RevokeAssignment(id.hex(), held.rev, ASKED_BACK, unless_begun=True)
    outbox.send(act, held.device, wanted, id)
    return True


def _wait(act: Act, device: str, person: bytes, slots: int) -> None:
    act.tx.run(
        "INSERT INTO work_request (site, device, person, slots, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (site, device) DO UPDATE SET person = excluded.person, "
        "slots = excluded.slots",
        (act.site, device, person, slots, act.now_us),
    )


def forget_request(act: Act, device: str) -> None:
    """The person at this device waits for no work any more: logged out or gone."""
    act.tx.run("DELETE FROM work_request WHERE site = ? AND device = ?", (act.site, device))


def waiting_devices(act: Act) -> list[tuple[str, bytes, int]]:
    """(device, person, slots) of whoever waits for work, longest first."""
    rows = act.tx.rows(
        "SELECT device, person, slots FROM work_request WHERE site = ? ORDER BY at, device",
        (act.site,),
    )
    return [(str(device), bytes(person), int(slots)) for device, person, slots in rows]


def offer_waiting(act: Act, offers_max: int = 50) -> int:
    """Offer work to devices that wait for it; returns how many got some. Safe to repeat."""
    act.tx.flush()
    offered = 0
    for device, person, slots in waiting_devices(act)[:offers_max]:
        offered += offer_next(act, device, person, slots)
    return offered


def answered_offer(
    act: Act, assignment: bytes, device: str, accepted: bool, code: str = ""
) -> None:
    """A device took an offer or a revision, or declined it. Safe to repeat.

    Whoever accepts what is no longer theirs is told to let go.
    """
    held = read(act, assignment)
    if not accepted:
        _declined(act, held, device, code)
    elif held.device != device or held.state not in (*HELD_BY_SOMEBODY, "COMPLETED"):
        _send_revoke(act, assignment, held.rev, device, "GIVEN_TO_ANOTHER")
    elif held.state == "OFFERED":
        act.tx.run(
            "UPDATE assignment SET state = 'ASSIGNED', lease_until = ? "
            "WHERE id = ? AND state = 'OFFERED' AND device = ?",
            (act.now_us + lease_us(act), assignment, device),
        )


def _declined(act: Act, held: Held, device: str, code: str) -> None:
    """Work not begun is anybody's again; suspended work waits for its person without a device."""
    if held.device != device:
        return
    if held.state in ("OFFERED", "ASSIGNED"):
        act.tx.run(
            f"UPDATE assignment SET state = 'READY', reason = ?, {_FREE_HOLDER} "
            "WHERE id = ? AND device = ? AND state IN ('OFFERED', 'ASSIGNED')",
            (code, held.id, device),
        )
    elif held.state == "SUSPENDED":
        act.tx.run(
            "UPDATE assignment SET device = '' WHERE id = ? AND state = 'SUSPENDED'", (held.id,)
        )


def revoke(act: Act, assignment: bytes, reason: str) -> None:
    """Ask the holder to give work back: it stays theirs until they answer. Raises WrongState.

    Suspended work that is on no device is free at once.
    """
    held = read(act, assignment)
    if held.state not in HELD_BY_SOMEBODY:
        raise WrongState("assignment", assignment.hex(), held.state, "held by somebody")
    if not held.device:
        give_up(act, assignment, reason)
        return
    act.tx.run("UPDATE assignment SET asked_back_at = ? WHERE id = ?", (act.now_us, assignment))
    _send_revoke(act, assignment, held.rev, held.device, reason)


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
        f"UPDATE assignment SET state = 'READY', reason = ?, {_FREE_HOLDER} "
        f"WHERE id = ? AND state IN ({marks})",
        (reason, assignment, *HELD_BY_SOMEBODY),
    )
    if changed != 1:
        found = read(act, assignment)
        raise WrongState("assignment", assignment.hex(), found.state, "held by somebody")


def hand_over(act: Act, assignment: bytes, reason: str, *, person: bytes | None = None) -> None:
    """A supervisor gives held work to whoever asks next, or to `person`, without waiting.

    Raises WrongState.
    """
    held = read(act, assignment)
    give_up(act, assignment, reason)
    if held.device:
        _send_revoke(act, assignment, held.rev, held.device, reason)
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
        found = read(act, assignment)
        raise WrongState("assignment", assignment.hex(), found.state, "READY")


def revise(act: Act, assignment: bytes) -> None:
    """The work has changed: raise `rev`, and send the holder the new revision.

    Work of which nothing is left and that nobody has begun is over.
    """
    act.tx.run("UPDATE assignment SET rev = rev + 1 WHERE id = ?", (assignment,))
    held = read(act, assignment)
    if _end_empty(act, held):
        return
    if held.device and held.state in HELD_BY_SOMEBODY:
        _send_offer(act, assignment, held.device)


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
        _send_revoke(act, held.id, held.rev, held.device, "NOTHING_LEFT")
    return True


def send_newest(act: Act, assignment: bytes, device: str) -> bool:
    """Say the present revision to its holder, unless an offer of it is on its way; True if said."""
    if is_on_its_way(act, assignment, device, "OfferAssignment"):
        return False
    _send_offer(act, assignment, device)
    return True


def send_revoke(act: Act, assignment: bytes, rev: int, device: str, reason: str) -> bool:
    """Tell a device to let go of what is not its own, unless that is on its way; True if said."""
    if is_on_its_way(act, assignment, device, "RevokeAssignment"):
        return False
    _send_revoke(act, assignment, rev, device, reason)
    return True


def is_on_its_way(act: Act, assignment: bytes, device: str, kind: str) -> bool:
    """Whether a command about this work was not answered yet; the sender drops some by itself."""
    act.tx.flush()
    sql = (
        "SELECT 1 FROM outbox_message WHERE subject = ? AND device = ? AND type = ? "
        "AND state IN ('UNSENT', 'SENT')"
    )
    return act.see(bool, lambda: act.tx.row(sql, (assignment, device, kind)) is not None)


def _send_offer(act: Act, assignment: bytes, device: str) -> None:
    """Send the present revision; one that still waits to be sent or answered is obsolete."""
    outbox.withdraw(act, device, assignment, "OfferAssignment")
    offer = OfferAssignment(build_message(act, assignment))
    outbox.send(act, device, offer, assignment)


def _send_revoke(act: Act, assignment: bytes, rev: int, device: str, reason: str) -> None:
    outbox.send(act, device, RevokeAssignment(assignment.hex(), rev, reason), assignment)


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
