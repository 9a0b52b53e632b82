"""An outbox after a power cut, as the agent finds it: opened, read, and appended to.

Owns what is true of every outbox of `workloads.outbox`, whatever happened to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from edge.errors import OutboxUnusable
from edge.storage.durable_file import REAL
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_owner import open_outbox
from protocols.limits import OUTBOX_ROWS_MAX
from simulators.campaigns.crash_images.workloads.outbox import (
    COUNTER,
    FILE,
    ideal_payload,
    last_seqs,
)

APPENDED_AT_US: Final = 2**50
OWNER: Final = "w1/h1"


class EpochFound(NamedTuple):
    epoch: str
    last_seq: int
    acked_upto: int
    pruned_upto: int


def use_outbox(folder: Path) -> str:
    """Work with it as an agent would; returns what is wrong, or nothing."""
    complaint = what_is_wrong(folder)
    if complaint:
        return complaint
    try:
        REAL.make_folder((folder / FILE).parent)
        outbox = open_outbox(folder / FILE, OWNER, Random(1), OUTBOX_ROWS_MAX)
        key = outbox.epoch, outbox.last_seq + 1
        outbox.append([ideal_payload(*key)], {COUNTER: _next(outbox)}, APPENDED_AT_US)
        outbox.close()
    except OutboxUnusable as wrong:
        return str(wrong)
    return what_is_wrong(folder)


def missing_in_outbox(folder: Path, promised: Mapping[str, Any]) -> str:
    """Which events of a promise are not there."""
    if not (folder / FILE).exists():
        return "there is no outbox"
    try:
        there = last_seqs(folder / FILE)
    except sqlite3.DatabaseError as wrong:
        return str(wrong)
    return "; ".join(
        f"{there.get(epoch, 0)} events are there, {upto} were promised"
        for epoch, upto in promised["upto"].items()
        if there.get(epoch, 0) < upto
    )


def what_is_wrong(folder: Path) -> str:
    """Compare events, epochs and state with each other and with the ideal."""
    if not (folder / FILE).exists():
        return ""
    db = sqlite3.connect(folder / FILE)
    try:
        epochs = [EpochFound(*row) for row in db.execute(_EPOCHS)] if _has_tables(db) else []
        wrong = [text for epoch in epochs if (text := _wrong_with(db, epoch))]
        if epochs and _counter(db) != sum(epoch.last_seq for epoch in epochs):
            wrong.append("events and state are not those of one transaction")
    except sqlite3.DatabaseError as failed:
        return str(failed)
    finally:
        db.close()
    return "; ".join(wrong)


_EPOCHS: Final = "SELECT epoch, last_seq, acked_upto, pruned_upto FROM epochs ORDER BY epoch_no"
_EVENTS: Final = (
    "SELECT seq, payload FROM events JOIN epochs USING (epoch_no) WHERE epoch = ? ORDER BY seq"
)


def _has_tables(db: sqlite3.Connection) -> bool:
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {"epochs", "events", "state"} <= names


def _wrong_with(db: sqlite3.Connection, epoch: EpochFound) -> str:
    rows = db.execute(_EVENTS, (epoch.epoch,)).fetchall()
    expected = list(range(epoch.pruned_upto + 1, epoch.last_seq + 1))
    if [seq for seq, _ in rows] != expected:
        return "the events are not one row of numbers"
    if any(payload != ideal_payload(epoch.epoch, seq) for seq, payload in rows):
        return "an event is not what was appended"
    if not epoch.pruned_upto <= epoch.acked_upto <= epoch.last_seq:
        return "pruned, acknowledged and last are out of order"
    return ""


def _counter(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT value FROM state WHERE name = ?", (COUNTER,)).fetchone()
    return int(row[0]) if row else 0


def _next(outbox: SqliteOutbox) -> bytes:
    return str(int(outbox.state().get(COUNTER, b"0")) + 1).encode()
