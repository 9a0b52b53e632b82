"""SQLite files as such: copied while others write, and looked over for damage. Knows no table."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

PAGES_AT_ONCE: Final = 256
"""One megabyte of the copy; in between, whoever waits for the processor gets it."""
DAMAGE_LISTED: Final = 20
Step = Callable[[int, int], None]
"""Called with (pages left, pages in all)."""


def copy_while_used(source: Path, target: Path, step: Step = lambda left, total: None) -> None:
    """Copy a database as it is at this moment, however long that takes.

    One read transaction is open all the while, so nobody who writes waits for it, and what they
    write does not make the copy begin anew; their write-ahead log grows meanwhile.
    """
    with closing(sqlite3.connect(source, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(target)) as copy:
            reader.backup(
                copy, pages=PAGES_AT_ONCE, progress=lambda _status, left, total: step(left, total)
            )
            copy.execute("PRAGMA journal_mode = DELETE")
    _sync(target)


def damage(file: Path) -> list[str]:
    """What SQLite itself finds wrong with a file's pages, indexes and rows: at most some lines.

    It sees torn pages and indexes that lost their rows; a flipped bit in a value is no damage to
    it (`hub.verify` looks for those).
    """
    try:
        with closing(sqlite3.connect(file)) as database:
            rows = database.execute(f"PRAGMA integrity_check({DAMAGE_LISTED})").fetchall()
    except sqlite3.DatabaseError as wrong:
        return [str(wrong)]
    return [str(row[0]) for row in rows if row[0] != "ok"]


def _sync(file: Path) -> None:
    fd = os.open(file, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
