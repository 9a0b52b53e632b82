"""Work ahead: what a device holds besides what its person is doing, so that nobody stands still
when the radio is gone. Owns how much that is, who gets it, and what is asked back.

A plan is made from reads and carried out by an act that takes it as input. Nobody starves by it:
people who wait are served first, reserve is shared out evenly, and when READY work has run out what
nobody has begun is asked back, newest first (docs/decisions/0022-reserve-work.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.journal import Act
from hub.warehouse import offers
from hub.warehouse.reserve_setting import Rows, minutes_of
from hub.warehouse.taking_back import ask_back_unbegun

HELD_MAX: Final = 64
"""Pieces of work on one device: begun, suspended and in reserve. The device refuses more."""
OFFERS_AT_ONCE: Final = 20
"""Offers of one act, so that it stays short; the rest follows in the next."""


class Piece(NamedTuple):
    """READY work."""

    id: bytes
    slots: int
    work_s: int
    person: bytes | None
    """Whom it is kept for."""


class Holder(NamedTuple):
    """A reachable device at work, and what it has ahead."""

    device: str
    person: bytes
    slots: int
    ahead_s: int
    pieces: int


class Waiter(NamedTuple):
    """A device whose person has nothing to do."""

    device: str
    slots: int


class Spare(NamedTuple):
    """Reserve that nobody has begun, on a reachable device."""

    id: bytes
    device: str
    slots: int


class ReservePlan(NamedTuple):
    """What an act is to do: READY work for devices, and reserve to ask back."""

    offers: tuple[tuple[bytes, str, bytes], ...]
    """(assignment, device, its person)."""
    asks: tuple[bytes, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.offers or self.asks)


# --- the decisions --------------------------------------------------------------------------------


def share_out(
    ready: Sequence[Piece], holders: Sequence[Holder], target_s: int
) -> list[tuple[Piece, Holder]]:
    """Whoever has least ahead gets the next piece that fits, until all have enough or none is left.

    `ready` is in the order of its importance.
    """
    shared: list[tuple[Piece, Holder]] = []
    left, open_ = list(ready), [h for h in holders if h.ahead_s < target_s]
    while left and open_ and len(shared) < OFFERS_AT_ONCE:
        least = min(open_, key=lambda holder: (holder.ahead_s, holder.device))
        open_.remove(least)
        piece = next((piece for piece in left if _fits(piece, least)), None)
        if piece is None:
            continue
        left.remove(piece)
        shared.append((piece, least))
        after = least._replace(ahead_s=least.ahead_s + piece.work_s, pieces=least.pieces + 1)
        if after.ahead_s < target_s:
            open_.append(after)
    return shared


def _fits(piece: Piece, holder: Holder) -> bool:
    is_theirs = piece.person in (None, holder.person)
    return is_theirs and piece.slots <= holder.slots and holder.pieces < HELD_MAX


def ask_back(waiting: Sequence[Waiter], spare: Sequence[Spare], asked: int) -> list[Spare]:
    """One piece for each who waits beyond those asked for already: the newest that fits.

    `spare` is newest first.
    """
    chosen: list[Spare] = []
    for waiter in waiting[asked:]:
        fits = (s for s in spare if s not in chosen and s.slots <= waiter.slots)
        found = next((s for s in fits if s.device != waiter.device), None)
        if found is not None:
            chosen.append(found)
    return chosen


# --- reads ----------------------------------------------------------------------------------------

_OPEN_WAVES: Final = "w.state IN ('RELEASED', 'IN_PROGRESS')"
_READY: Final = (
    "SELECT a.id, a.slots, a.work_s, a.person FROM assignment a JOIN wave w ON w.id = a.wave "
    f"WHERE a.site = ? AND a.state = 'READY' AND {_OPEN_WAVES} "
    "ORDER BY a.priority DESC, w.released_at, w.code, a.sequence, a.id LIMIT ?"
)
_HOLDERS: Final = (
    "SELECT d.name, d.person, c.slots, SUM(CASE WHEN a.state IN ('OFFERED', 'ASSIGNED') "
    "THEN a.work_s ELSE 0 END), COUNT(*) FROM device d "
    "JOIN device_cart c ON c.site = d.site AND c.device = d.name "
    "JOIN assignment a ON a.device = d.name AND a.site = d.site "
    "AND a.state IN ('OFFERED', 'ASSIGNED', 'IN_PROGRESS', 'SUSPENDED') "
    "WHERE d.site = ? AND d.presence = 'ONLINE' AND d.person IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM work_request r WHERE r.site = d.site AND r.device = d.name) "
    "GROUP BY d.name, d.person, c.slots ORDER BY d.name"
)
_CAN_BE_SERVED: Final = (
    "SELECT 1 FROM work_request r JOIN assignment a ON a.site = r.site AND a.state = 'READY' "
    "AND a.slots <= r.slots AND (a.person IS NULL OR a.person = r.person) "
    f"JOIN wave w ON w.id = a.wave WHERE r.site = ? AND {_OPEN_WAVES} LIMIT 1"
)
_WAITERS: Final = "SELECT device, slots FROM work_request WHERE site = ? ORDER BY at, device"
_UNBEGUN: Final = (
    "FROM assignment a JOIN device d ON d.site = a.site AND d.name = a.device "
    "WHERE a.site = ? AND a.state = 'ASSIGNED' AND a.started_at IS NULL "
    "AND d.presence = 'ONLINE' AND "
)
_ASKED: Final = f"SELECT COUNT(*) {_UNBEGUN} a.asked_back_at IS NOT NULL"
_SPARE: Final = (
    f"SELECT a.id, a.device, a.slots {_UNBEGUN} a.asked_back_at IS NULL AND EXISTS "
    "(SELECT 1 FROM assignment o WHERE o.device = a.device AND o.site = a.site AND o.id <> a.id "
    "AND o.state IN ('ASSIGNED', 'IN_PROGRESS', 'SUSPENDED') "
    "AND (o.started_at IS NOT NULL OR o.held_since < a.held_since)) "
    "ORDER BY a.held_since DESC, a.id DESC LIMIT ?"
)


def plan(rows: Rows, site: str) -> ReservePlan:
    """What should be handed out and asked back now. Who waits for READY work goes first."""
    if can_serve_waiting(rows, site):
        return ReservePlan((), ())
    waiting = [Waiter(str(device), int(slots)) for device, slots in rows(_WAITERS, (site,))]
    return ReservePlan(_offers(rows, site), _asks(rows, site, waiting) if waiting else ())


def can_serve_waiting(rows: Rows, site: str) -> bool:
    """Whether READY work fits somebody who waits for work."""
    return bool(rows(_CAN_BE_SERVED, (site,)))


def _offers(rows: Rows, site: str) -> tuple[tuple[bytes, str, bytes], ...]:
    ready = [
        Piece(bytes(id), int(slots), int(work_s), None if person is None else bytes(person))
        for id, slots, work_s, person in rows(_READY, (site, OFFERS_AT_ONCE))
    ]
    target_s = minutes_of(rows, site) * 60 if ready else 0
    if not target_s:
        return ()
    holders = [
        Holder(str(device), bytes(person), int(slots), int(ahead_s), int(pieces))
        for device, person, slots, ahead_s, pieces in rows(_HOLDERS, (site,))
    ]
    shared = share_out(ready, holders, target_s)
    return tuple((piece.id, holder.device, holder.person) for piece, holder in shared)


def _asks(rows: Rows, site: str, waiting: Sequence[Waiter]) -> tuple[bytes, ...]:
    asked = int(rows(_ASKED, (site,))[0][0])
    spare = [
        Spare(bytes(id), str(device), int(slots))
        for id, device, slots in rows(_SPARE, (site, len(waiting) + HELD_MAX))
    ]
    return tuple(found.id for found in ask_back(waiting, spare, asked))


# --- acts -----------------------------------------------------------------------------------------


def carry_out(act: Act, plan: ReservePlan) -> int:
    """Do what was planned, as far as it is still so; returns how much that was. Safe to repeat."""
    act.tx.flush()
    done = sum(
        offers.offer_in_reserve(act, assignment, device, person, n)
        for n, (assignment, device, person) in enumerate(plan.offers)
    )
    return done + sum(ask_back_unbegun(act, assignment) for assignment in plan.asks)


def ask_back_all(act: Act, device: str) -> int:
    """Its person left the device: what nobody has begun is for others. Returns how much."""
    act.tx.flush()
    rows = act.tx.rows(
        "SELECT id FROM assignment WHERE site = ? AND device = ? AND state = 'ASSIGNED' "
        "AND started_at IS NULL AND asked_back_at IS NULL ORDER BY held_since DESC, id",
        (act.site, device),
    )
    return sum(ask_back_unbegun(act, bytes(id)) for (id,) in rows)


def remember_cart(act: Act, device: str, slots: int) -> None:
    """How many totes the cart of this device carries, as it said when it asked for work."""
    act.tx.run(
        "INSERT INTO device_cart (site, device, slots) VALUES (?, ?, ?) "
        "ON CONFLICT (site, device) DO UPDATE SET slots = excluded.slots",
        (act.site, device, slots),
    )
