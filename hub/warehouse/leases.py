"""How long work may stay with somebody of whom nothing is heard. Owns `assignment.lease_until`.

A lease ends only while its holder is the one who is away: when the hub itself heard nobody, or the
device is there and well, work in reserve stays where it is. An end never stops a picker. Work that
nobody has begun is for others; of begun work a supervisor is told, and if nobody decides for
another lease, what is not begun of it is planned anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub import outbox
from hub.floor_exceptions import open_exception
from hub.journal import Act
from hub.warehouse import holder, rest, taking_back
from hub.warehouse.holder import Held
from hub.warehouse.reserve_setting import Rows, lease_of, lease_us

AWAY_US: Final = 10 * 60 * 1_000_000
"""A device that said something within so long is there; else it is the hub that hears nobody: time
for everybody to come back after the hub or its broker was away."""

_OVER: Final = (
    "SELECT a.id, a.state, d.state, d.presence, d.presence_at, d.seen_at FROM assignment a "
    "LEFT JOIN device d ON d.site = a.site AND d.name = a.device "
    "WHERE a.site = ? AND a.state IN ('OFFERED', 'ASSIGNED', 'IN_PROGRESS') "
    "AND (a.lease_until <= ? OR d.state = 'RETIRED' AND NOT EXISTS "
    "(SELECT 1 FROM floor_exception e WHERE e.assignment = a.id AND e.kind = 'LEASE_EXPIRED' "
    "AND e.state = 'OPEN')) ORDER BY a.id"
)


class Over(NamedTuple):
    """Leases that have run out, by what is to be done about them."""

    ended: tuple[bytes, ...]
    kept: tuple[bytes, ...]
    """Their device is there, so nobody misses it."""


def over(rows: Rows, site: str, now_us: int) -> Over:
    """What has run out by now. Whoever went out of reach has a whole lease from that moment on,
    not from the moment of accepting: the reserve is begun late.
    """
    silent_since = now_us - lease_of(rows, site)
    ended: list[bytes] = []
    kept: list[bytes] = []
    for id, state, enrolled, presence, presence_at, seen_at in rows(_OVER, (site, now_us)):
        if enrolled in (None, "RETIRED") or state == "OFFERED":
            ended.append(bytes(id))
        elif presence != "ONLINE":
            ended += [bytes(id)] if presence_at <= silent_since else []
        elif seen_at > now_us - AWAY_US:  # else it is the hub that hears nobody
            (kept if state == "ASSIGNED" else ended).append(bytes(id))
    return Over(tuple(ended), tuple(kept))


def expire_leases(act: Act, found: Over | None = None) -> int:
    """End or renew what has run out (`found`, or whatever there is); returns how many.

    Safe to repeat.
    """
    act.tx.flush()
    found = over(act.tx.rows, act.site, act.now_us) if found is None else found
    until = act.now_us + lease_us(act)
    for id in found.kept:
        act.tx.run("UPDATE assignment SET lease_until = ? WHERE id = ?", (until, id))
    return len(found.kept) + sum(_end(act, id, until) for id in found.ended)


def _end(act: Act, id: bytes, until: int) -> int:
    held = holder.read(act, id)
    if held.state == "IN_PROGRESS":
        return _miss(act, held, until)
    if held.state not in ("OFFERED", "ASSIGNED"):
        return 0
    taking_back.hand_over(act, held.id, "LEASE_EXPIRED")
    outbox.withdraw(act, held.device, held.id, "OfferAssignment")
    return 1


def _miss(act: Act, held: Held, until: int) -> int:
    """Tell a supervisor, once; if nobody has decided a lease later, the rest is planned anew."""
    act.tx.run("UPDATE assignment SET lease_until = ? WHERE id = ?", (until, held.id))
    if not _is_missed(act, held.id):
        open_exception(
            act, "LEASE_EXPIRED", assignment=held.id, person=held.person, holder=held.device
        )
        return 1
    rest.plan_anew(act, held.id)
    return 1


def _is_missed(act: Act, assignment: bytes) -> bool:
    known = act.tx.row(
        "SELECT 1 FROM floor_exception WHERE site = ? AND kind = 'LEASE_EXPIRED' "
        "AND state = 'OPEN' AND assignment = ?",
        (act.site, assignment),
    )
    return known is not None


def is_back(act: Act, assignment: bytes) -> bool:
    """The holder is heard of again: nobody needs to look for them. True when somebody had to."""
    act.tx.flush()
    closed = act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolution = 'BACK' "
        "WHERE site = ? AND kind = 'LEASE_EXPIRED' AND state = 'OPEN' AND assignment = ?",
        (act.now_us, act.site, assignment),
    )
    return closed > 0


def renew_lease(act: Act, assignment: bytes, device: str) -> bool:
    """The holder is there; False when it is not theirs any more."""
    changed = act.tx.run(
        "UPDATE assignment SET lease_until = ? WHERE id = ? AND device = ? "
        "AND state IN ('OFFERED', 'ASSIGNED', 'IN_PROGRESS')",
        (act.now_us + lease_us(act), assignment, device),
    )
    return changed == 1


def move_moments(act: Act, by_us: int) -> None:
    """The clock was set: leases have as much time left, and work was held as long, as before."""
    act.tx.run(
        "UPDATE assignment SET held_since = held_since + ?, "
        "lease_until = CASE WHEN lease_until = 0 THEN 0 ELSE lease_until + ? END "
        "WHERE site = ? AND state NOT IN ('COMPLETED', 'CANCELLED')",
        (by_us, by_us, act.site),
    )
