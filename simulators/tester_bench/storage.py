"""A look into a device's own storage from outside, while its agent works with it. Reads only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from edge.handheld.kept_state import CFG
from edge.handheld.memory import read_parts
from protocols.errors import ProtocolsError
from protocols.messages.codec import decode
from protocols.messages.configuration import Config
from simulators.tester_bench.hardware import Kept


def look_into(file: Path, before: Kept) -> Kept:
    """What stands there; `before` when there is nothing yet, or it cannot be read now."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return _read(db)
    except (sqlite3.Error, msgspec.DecodeError, ProtocolsError, KeyError):
        return before


def _read(db: sqlite3.Connection) -> Kept:
    db.execute("BEGIN")  # one moment for all that is read
    boot = db.execute("SELECT value FROM meta WHERE name = 'boot'").fetchone()
    epochs = db.execute(
        "SELECT epoch, last_seq, last_seq - acked_upto FROM epochs ORDER BY epoch_no"
    ).fetchall()
    parts = dict(db.execute("SELECT name, value FROM state").fetchall())
    epoch, seq, _ = epochs[-1] if epochs else ("", 0, 0)
    waiting = sum(row[2] for row in epochs)
    people = len(decode(Config, parts[CFG]).people) if CFG in parts else 0
    return Kept(epoch, int(boot[0]) if boot else 0, seq, waiting, people, read_parts(parts))
