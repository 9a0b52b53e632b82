"""The ideal ledger: what the devices' own databases say must have happened, beside the hub's books.

Owns the comparison of the two, event by event, place by place and line by line. Pure reads. The
devices keep every event for seven days, acknowledged or not, so they are the witness; whatever
people at desks did is taken from the hub's own movements, since no device saw it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import peewee

from edge.storage.kept_rows import read_outbox
from hub.db import fetch
from hub.inventory.posting import place_id, virtual
from protocols.envelope import Event, decode_data, decode_event
from protocols.errors import ProtocolsError
from protocols.messages.events import ActUndone, PickConfirmed, PickShorted

Spot = tuple[bytes, bytes]
"""Place and article."""
DETAILS_MAX: Final = 20


class Pick(NamedTuple):
    """Units that a device says went from a bin into a tote."""

    bin: bytes
    tote: bytes
    item: bytes
    quantity: int


class Ideal(NamedTuple):
    """What devices promised, by key."""

    sent: frozenset[str]
    picks: Mapping[str, Pick]
    undone: Mapping[str, str]
    """Key of the event that takes back → key of what it takes back."""


class Audit(NamedTuple):
    """`lost`: events that the hub lacks, or whose units never moved. `doubled`: events there twice,
    or whose units moved more than once. The others count places and lines that are not as they
    must be. `parked`: events that wait for a person, which are neither.
    """

    sent: int
    lost: int
    doubled: int
    parked: int
    balance_mismatch: int
    line_mismatch: int
    details: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.balance_mismatch or self.line_mismatch)


def ideal_of(site: str, files: Iterable[tuple[str, Path]]) -> Ideal:
    """Read every device's own file."""
    sent: set[str] = set()
    picks: dict[str, Pick] = {}
    undone: dict[str, str] = {}
    for device, file in files:
        for row in read_outbox(file):
            key = f"{device}/{row.epoch}/{row.seq}"
            sent.add(key)
            _understand(site, key, decode_event(row.payload), picks, undone)
    return Ideal(frozenset(sent), picks, undone)


def _understand(
    site: str, key: str, event: Event, picks: dict[str, Pick], undone: dict[str, str]
) -> None:
    try:
        data = decode_data(event)
    except ProtocolsError:
        return  # poison says nothing
    if isinstance(data, ActUndone):
        undone[key] = f"{event.dev}/{data.epoch}/{data.seq}"
    elif isinstance(data, PickConfirmed | PickShorted) and data.quantity and data.tote:
        picks[key] = Pick(
            place_id(site, "BIN", data.bin), place_id(site, "TOTE", data.tote),
            bytes.fromhex(data.item), data.quantity,
        )  # fmt: skip


def audit(database: peewee.Database, site: str, ideal: Ideal) -> Audit:
    """Compare the hub's books with the ideal ones."""
    states = _states(database, site)
    applied = {key for key, state in states.items() if state == "APPLIED"}
    details: list[str] = []
    lost = [key for key in sorted(ideal.sent) if key not in states]
    details += [f"{key}: the hub does not have it" for key in lost]
    found = _compare_units(database, site, ideal, applied, details)
    balances = list(_wrong_balances(database, site, ideal, applied))
    lines = list(_wrong_lines(database, site, ideal, applied))
    twice = _journalled_twice(database, site)
    return Audit(
        sent=len(ideal.sent), lost=len(lost) + found["lost"], doubled=found["doubled"] + twice,
        parked=sum(key in ideal.sent for key in states) - len(applied & ideal.sent),
        balance_mismatch=len(balances), line_mismatch=len(lines),
        details=tuple((details + balances + lines)[:DETAILS_MAX]),
    )  # fmt: skip


def _states(database: peewee.Database, site: str) -> dict[str, str]:
    """What became of each event; what a person had tried again after it was parked is applied."""
    rows = fetch(
        database,
        "SELECT e.device, e.epoch, e.seq, COALESCE(p.state, e.state) FROM device_event e "
        "LEFT JOIN parked_event p ON p.site = e.site AND p.device = e.device "
        "AND p.epoch = e.epoch AND p.seq = e.seq AND p.code <> 'CLONED_KEY' WHERE e.site = ?",
        (site,),
    )
    return {f"{device}/{epoch}/{seq}": state for device, epoch, seq, state in rows}


# ── event by event ───────────────────────────────────────────────────────────────────────────


def _compare_units(
    database: peewee.Database, site: str, ideal: Ideal, applied: set[str], details: list[str]
) -> Counter[str]:
    """Whether each applied event moved exactly what it says."""
    into, out_of = _tote_movements(database, site)
    found: Counter[str] = Counter()
    expected = {key: pick.quantity for key, pick in ideal.picks.items()}
    taken_back = {
        key: ideal.picks[of].quantity for key, of in ideal.undone.items() if of in ideal.picks
    }
    for wanted, moved in ((expected, into), (taken_back, out_of)):
        for key in wanted.keys() & applied:
            if moved[key] == wanted[key]:
                continue
            found["lost" if moved[key] < wanted[key] else "doubled"] += 1
            details.append(f"{key}: {wanted[key]} units were said, {moved[key]} moved")
    return found


def _tote_movements(database: peewee.Database, site: str) -> tuple[Counter[str], Counter[str]]:
    """Units that went into totes, and back out of totes into bins, by cause."""
    into: Counter[str] = Counter()
    out_of: Counter[str] = Counter()
    rows = fetch(
        database,
        "SELECT m.cause, m.reason, m.quantity FROM movement m JOIN place t ON t.id = "
        "CASE WHEN m.reason = 'undo' THEN m.from_place ELSE m.to_place END "
        "WHERE m.site = ? AND t.kind = 'TOTE'",
        (site,),
    )
    for cause, reason, quantity in rows:
        (out_of if reason == "undo" else into)[cause] += int(quantity)
    return into, out_of


def _journalled_twice(database: peewee.Database, site: str) -> int:
    return int(
        fetch(
            database,
            "SELECT COUNT(*) FROM (SELECT key FROM journal WHERE site = ? GROUP BY key "
            "HAVING COUNT(*) > 1) AS twice",
            (site,),
        )[0][0]
    )


# ── place by place ───────────────────────────────────────────────────────────────────────────


def _wrong_balances(
    database: peewee.Database, site: str, ideal: Ideal, applied: set[str]
) -> Iterator[str]:
    """Real places that do not hold what desks and devices together must have left there."""
    must = _of_desks(database, site, ideal)
    for key in ideal.picks.keys() & applied:
        _move(must, ideal.picks[key], 1)
    for key, of in ideal.undone.items():
        if key in applied and of in applied and of in ideal.picks:
            _move(must, ideal.picks[of], -1)
    rows = fetch(
        database,
        "SELECT b.place, b.item, SUM(b.on_hand), MIN(p.code) FROM balance b "
        "JOIN place p ON p.id = b.place WHERE b.site = ? AND b.is_real GROUP BY b.place, b.item",
        (site,),
    )
    for place, item, there, code in rows:
        wanted = must[bytes(place), bytes(item)]
        if int(there) != wanted:
            yield f"{code}: {there} of {bytes(item).hex()} in the books, {wanted} must be there"


def _move(must: Counter[Spot], pick: Pick, sign: int) -> None:
    must[pick.bin, pick.item] -= sign * pick.quantity
    must[pick.tote, pick.item] += sign * pick.quantity


def _of_desks(database: peewee.Database, site: str, ideal: Ideal) -> Counter[Spot]:
    """What no device did, and what the hub took from `unexplained` because of one."""
    must: Counter[Spot] = Counter()
    unexplained = virtual(site, "UNEXPLAINED").place
    rows = fetch(
        database,
        "SELECT cause, item, quantity, from_place, to_place FROM movement WHERE site = ?",
        (site,),
    )
    for cause, item, quantity, source, target in rows:
        if cause in ideal.sent and bytes(source) != unexplained:
            continue
        must[bytes(source), bytes(item)] -= int(quantity)
        must[bytes(target), bytes(item)] += int(quantity)
    return must


# ── line by line ─────────────────────────────────────────────────────────────────────────────


def _wrong_lines(
    database: peewee.Database, site: str, ideal: Ideal, applied: set[str]
) -> Iterator[str]:
    """Picks whose units are neither on the order's line nor waiting to be put back."""
    acts: Counter[str] = Counter()
    beyond: Counter[str] = Counter()
    for cause, quantity, unclaimed in fetch(
        database,
        "SELECT cause, quantity, unclaimed FROM line_act WHERE site = ? AND kind = 'PickConfirmed'",
        (site,),
    ):
        acts[cause] += int(quantity)
        beyond[cause] += int(unclaimed)
    moved = _to_picked(database, site)
    for key in sorted(ideal.picks.keys() & applied):
        said = ideal.picks[key].quantity
        if acts[key] + beyond[key] != said or moved[key] != acts[key]:
            yield (
                f"{key}: {said} units were said, {moved[key]} went onto the line "
                f"and {beyond[key]} beyond it"
            )


def _to_picked(database: peewee.Database, site: str) -> Counter[str]:
    moved: Counter[str] = Counter()
    for cause, quantity in fetch(
        database,
        "SELECT cause, quantity FROM line_move WHERE site = ? AND to_stage = 'picked'",
        (site,),
    ):
        moved[cause] += int(quantity)
    return moved
