"""Work on offer: which device gets which, who waits for some, and what they answer.

Owns the assignment's way from READY to whoever accepts it, or back when they decline. What the
holder reports (started, suspended, completed) is in `progress`, what is given ahead in `reserve`,
taking back in `taking_back`. Every step is one guarded statement, so of two people who reach for
the same work one gets it.
"""

from __future__ import annotations

from typing import Final

from hub import outbox
from hub.ids import NIL
from hub.journal import Act
from hub.warehouse import holder
from hub.warehouse.holder import Held
from hub.warehouse.reserve_setting import lease_us
from hub.warehouse.revisions import revise
from hub.warehouse.states import HELD_BY_SOMEBODY

OFFER_US: Final = 120 * 1_000_000
"""How long an offer may stay unanswered before the work is anybody's again."""
TRIED_MAX: Final = 8
"""Candidates tried for one request before the device waits for the next turn."""

_GIVEN: Final = (
    "state = 'OFFERED', device = ?, person = ?, rev = rev + 1, lease_token = lease_token + 1, "
    "lease_until = ?, held_since = ?"
)


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
    holder.send_offer(act, chosen, device)
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
            holder.send_revoke(act, id, rev, before, "RESUMED_ELSEWHERE")
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
    holder.send_offer(act, id, device)
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


# --- who waits -----------------------------------------------------------------------------------


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


# --- what they answer ---------------------------------------------------------------------------


def answered_offer(
    act: Act, assignment: bytes, device: str, accepted: bool, code: str = ""
) -> None:
    """A device took an offer or a revision, or declined it. Safe to repeat.

    Whoever accepts what is no longer theirs is told to let go.
    """
    held = holder.read(act, assignment)
    if not accepted:
        _declined(act, held, device, code)
    elif held.device != device or held.state not in (*HELD_BY_SOMEBODY, "COMPLETED"):
        holder.send_revoke(act, assignment, held.rev, device, "GIVEN_TO_ANOTHER")
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
            f"UPDATE assignment SET state = 'READY', reason = ?, {holder.FREE} "
            "WHERE id = ? AND device = ? AND state IN ('OFFERED', 'ASSIGNED')",
            (code, held.id, device),
        )
    elif held.state == "SUSPENDED":
        act.tx.run(
            "UPDATE assignment SET device = '' WHERE id = ? AND state = 'SUSPENDED'", (held.id,)
        )
