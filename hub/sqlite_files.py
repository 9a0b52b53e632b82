"""SQLite files as such: copied while others write, and looked over for damage. Knows no table."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from hub.steady_writing import SteadyFile

PAGES_AT_ONCE: Final = 256
"""One megabyte of the copy; in between, whoever waits for the processor gets it."""
DAMAGE_LISTED: Final = 20
Step = Callable[[int, int], None]
"""Called with (pages left, pages in all)."""


def copy_while_used(source: Path, target: Path, step: Step = lambda left, total: None) -> None:
    """Copy a database as it is at this moment, however long that takes.

    One read transaction is open all the while, so nobody who writes waits for it, and what they
    write does not make the copy begin anew; their write-ahead log grows meanwhile. At the end it is
    written back from here, else the next commit would do so, however long it has become.
    """
    with closing(sqlite3.connect(source, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        _copy(reader, target, step)
        reader.execute("COMMIT")
        with contextlib.suppress(sqlite3.OperationalError):  # the copy is good all the same
            reader.execute("PRAGMA wal_checkpoint(PASSIVE)")  # waits for nobody, nobody for it
    _sync(target)


def _copy(reader: sqlite3.Connection, target: Path, step: Step) -> None:
    """Page by page, flushed as it goes: SQLite itself would flush once, and all of it."""
    fd = os.open(target, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        steady = SteadyFile(fd)
        page_bytes = int(reader.execute("PRAGMA page_size").fetchone()[0])

        def progress(_status: int, left: int, total: int) -> None:
            steady.wrote(PAGES_AT_ONCE * page_bytes)
            step(left, total)

        with closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            copy.execute("PRAGMA cache_size = -256")  # kB: what is copied goes to the file soon
            reader.backup(copy, pages=PAGES_AT_ONCE, progress=progress)
            copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        os.close(fd)


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
