"""Whose events an outbox holds. Owns the rule that they are sent under the name they were made for.

An event says which device recorded it, for ever. A device that becomes another one therefore begins
another outbox; the one before is set aside, never deleted, and only once the hub has all of it.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from edge.errors import OutboxOfAnother, OutboxUnusable
from edge.storage.durable_file import REAL
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import opened_to_read

OWNER: Final = "owner"
"""Under this name the outbox keeps it, as site/device."""
READ: Final = """
SELECT (SELECT value FROM meta WHERE name = 'owner'),
       (SELECT coalesce(sum(last_seq - acked_upto), 0) FROM epochs)
"""


class Holding(NamedTuple):
    """What lies in an outbox."""

    owner: str = ""
    """Empty: nobody's yet."""
    depth: int = 0
    """Events that the hub has not acknowledged."""

    def refuse_other(self, wanted: str) -> None:
        """Raises OutboxOfAnother while events of somebody else wait."""
        if self.is_of_another(wanted) and self.depth:
            raise OutboxOfAnother(self.owner, wanted, self.depth)

    def is_of_another(self, wanted: str) -> bool:
        return self.owner not in {"", wanted}


def look_into(path: Path) -> Holding:
    """What an outbox holds; nothing when there is none, or when the power went while it was made:
    its format is written last. The agent need not run.
    """
    if not path.exists():
        return Holding()
    with opened_to_read(path) as db:
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            return Holding()
        owner, depth = db.execute(READ).fetchone()
    return Holding(owner or "", depth)


def open_outbox(path: Path, owner: str, chance: random.Random, capacity: int) -> SqliteOutbox:
    """The outbox of this owner. Raises OutboxOfAnother, OutboxUnusable."""
    holding = look_into(path)
    holding.refuse_other(owner)
    if holding.is_of_another(owner):
        _set_aside(path, holding.owner)
    outbox = SqliteOutbox(path, chance, capacity)
    if outbox.noted(OWNER) != owner:
        outbox.note(OWNER, owner)
    return outbox


def _set_aside(path: Path, owner: str) -> None:
    """Under a name that says whose it was. A power cut leaves it here or there.

    What still lies in SQLite's log goes into the file first: the log would not go with it.
    """
    name = owner.replace("/", "-")
    aside = next(
        spot for n in range(1_000_000)
        if not (spot := path.with_name(f"outbox-{name}-{n}.sqlite")).exists()
    )  # fmt: skip
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.rename(aside)
        REAL.sync(path.parent)
    except (OSError, sqlite3.Error) as wrong:
        raise OutboxUnusable(str(path), str(wrong)) from wrong
