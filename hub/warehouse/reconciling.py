"""What a device says it holds, against what the hub believes. Owns what follows from a birth.

A device that lost its storage gets its work again; one that holds somebody else's, or none that is
known, is told to let go; an older revision is replaced. While events of the device are on their way
the hub may be the one that is behind, so whatever they could change waits for a later birth.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.journal import Act
from hub.warehouse import holder, leases, offers, revisions, storages, taking_back
from hub.warehouse.reserve import HELD_MAX
from protocols.messages.presence import Birth

NAMED_MAX: Final = HELD_MAX
"""Pieces of work of one birth that are looked at; a device holds no more."""
_COLUMNS: Final = (
    "SELECT id, state, device, person, rev, asked_back_at, reason FROM assignment WHERE"
)
_OVER: Final = ("COMPLETED", "CANCELLED")


class Work(NamedTuple):
    """An assignment as the hub knows it."""

    id: bytes
    state: str
    device: str
    person: bytes | None
    rev: int
    asked_back_at: int | None
    reason: str


class Meeting(NamedTuple):
    """How far a birth can be relied upon."""

    device: str
    is_complete: bool
    """Nothing that the device did is on its way."""
    is_new: bool
    """The first complete birth of this epoch: the device may have lost its storage."""


def reconcile(act: Act, birth: Birth, upto: int) -> bool:
    """Bring a device's work and the hub's belief together; True when something was done, and for
    each new storage.
    """
    act.tx.flush()
    memory = storages.look(act, birth)
    is_complete = birth.seq == upto and birth.outbox_depth == 0
    is_new = is_complete and memory.met_epoch not in (None, birth.epoch)
    meeting = Meeting(birth.dev, is_complete, is_new)
    named = {bytes.fromhex(held.id): held.rev for held in birth.assignments[:NAMED_MAX]}
    done = [_named(act, meeting, id, rev) for id, rev in named.items()]
    done.append(storages.note_twice(act, birth, memory))
    if is_new:
        done.append(storages.note_lost(act, birth, memory))
        if not (birth.seq or named):
            _nobody_is_there(act, birth.dev)
        done += [_missing(act, work) for work in _believed(act, birth.dev) if work.id not in named]
        act.tx.run(
            "UPDATE device SET met_epoch = ? WHERE site = ? AND name = ?",
            (birth.epoch, act.site, birth.dev),
        )
    return is_new or any(done)


def _named(act: Act, meeting: Meeting, id: bytes, rev: int) -> bool:
    """One piece of work that the device says it holds."""
    row = act.tx.row(f"{_COLUMNS} id = ? AND site = ?", (id, act.site))
    if row is None:
        return holder.send_revoke_unless_on_its_way(act, id, rev, meeting.device, "UNKNOWN")
    work = Work(*row)
    if work.device == meeting.device and work.state not in _OVER:
        return _agreed(act, meeting, work, rev)
    if work.state == "READY" and work.reason == "LEASE_EXPIRED":
        return offers.give_again(act, id, meeting.device)
    is_elsewhere = work.device not in ("", meeting.device)
    if not (meeting.is_complete or is_elsewhere):
        return False
    reason = work.state if work.state in _OVER else "GIVEN_TO_ANOTHER"
    return holder.send_revoke_unless_on_its_way(act, id, max(rev, work.rev), meeting.device, reason)


def _agreed(act: Act, meeting: Meeting, work: Work, rev: int) -> bool:
    """It is theirs; an older revision, or one of an older image of their storage, is replaced."""
    is_back = leases.is_back(act, work.id)
    return _brought_up(act, meeting, work, rev) or is_back


def _brought_up(act: Act, meeting: Meeting, work: Work, rev: int) -> bool:
    if work.asked_back_at is not None:
        return False
    if meeting.is_new or rev > work.rev:
        newest = max(rev, work.rev)
        act.tx.run("UPDATE assignment SET rev = ? WHERE id = ?", (newest, work.id))
        revisions.revise(act, work.id)
        return True
    return rev < work.rev and holder.send_offer_unless_on_its_way(act, work.id, meeting.device)


def _believed(act: Act, device: str) -> list[Work]:
    rows = act.tx.rows(
        f"{_COLUMNS} site = ? AND device = ? AND asked_back_at IS NULL "
        "AND state IN ('ASSIGNED', 'IN_PROGRESS', 'SUSPENDED') ORDER BY id",
        (act.site, device),
    )
    return [Work(*row) for row in rows]


def _missing(act: Act, work: Work) -> bool:
    """The device has forgotten it: it gets it again as the hub knows it. With nobody logged in it
    is anybody's, or its person's if they have begun: the cart is in their hands.
    """
    row = act.tx.row(
        "SELECT person FROM device WHERE site = ? AND name = ?", (act.site, work.device)
    )
    is_begun = work.state != "ASSIGNED"
    if row is None or row[0] is None:
        taking_back.give_up(act, work.id, "STORAGE_LOST")
        taking_back.set_aside(act, work.id, work.person if is_begun else None)
        return True
    if is_begun:
        act.tx.run("UPDATE assignment SET state = 'SUSPENDED' WHERE id = ?", (work.id,))
    revisions.revise(act, work.id)
    return True


def _nobody_is_there(act: Act, device: str) -> None:
    """A device without any memory shows the log-in."""
    act.tx.run("UPDATE device SET person = NULL WHERE site = ? AND name = ?", (act.site, device))
    offers.forget_request(act, device)
