"""The outbox's SQLite file. Owns how it is opened, locked, written and given up.

Knows nothing of epochs or acknowledgements. After one failure nothing is taken any more: what the
disk holds is only known to whoever opens it anew.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from edge.errors import OutboxUnusable
from edge.storage.durable_file import REAL, rewrite

LOCK_WAIT_MS: Final = 5_000
IN_MEMORY: Final = ":memory:"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epochs (
    epoch_no INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL, acked_upto INTEGER NOT NULL, pruned_upto INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    epoch_no INTEGER NOT NULL, seq INTEGER NOT NULL, at_us INTEGER NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (epoch_no, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
FORMAT: Final = 1


@contextmanager
def opened_to_read(path: str | Path) -> Iterator[sqlite3.Connection]:
    """A device's file as it is, for who only reads it; the agent may be running.

    Raises OutboxUnusable.
    """
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as db:
            yield db
    except sqlite3.Error as wrong:
        raise OutboxUnusable(str(path), str(wrong)) from wrong


class OutboxFile:
    """One file (WAL, synchronous=FULL), or memory alone for simulations."""

    def __init__(self, path: str | Path) -> None:
        """Open or make the file. Raises OutboxUnusable, also when another agent works with it."""
        self._path = str(path)
        self._failure = ""
        self._lock_fd = self._take_lock() if self._path != IN_MEMORY else None
        with self.reading():
            # Made in one thread and used in another, the agent's; never in two at once.
            self.db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._prepare()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around every use of `db`. Raises OutboxUnusable, from the first failure on for good."""
        if self._failure:
            raise OutboxUnusable(self._path, self._failure)
        try:
            yield
        except sqlite3.Error as wrong:
            self._failure = str(wrong)
            raise OutboxUnusable(self._path, str(wrong)) from wrong

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, and durable on return. Raises OutboxUnusable."""
        with self.reading():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    @contextmanager
    def writing_unflushed(self) -> Iterator[None]:
        """One statement that a power cut may forget. The next `writing`, which is flushed, comes
        after it in the same write-ahead log. Raises OutboxUnusable.
        """
        with self.reading():
            self.db.execute("PRAGMA synchronous=NORMAL")
            try:
                yield
            finally:
                self.db.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        """Let go of the file; may be repeated."""
        self.db.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _take_lock(self) -> int:
        """Two agents on one outbox would give out the same keys. A killed one holds no lock."""
        try:
            lock_fd = os.open(self._path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as wrong:
            raise OutboxUnusable(self._path, wrong.strerror or str(wrong)) from wrong
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as wrong:
            os.close(lock_fd)
            raise OutboxUnusable(self._path, "another agent works with it") from wrong
        return lock_fd

    def _prepare(self) -> None:
        self.db.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        found = self.db.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, FORMAT}:
            raise OutboxUnusable(self._path, f"its format {found} is newer than this agent")
        self._write_log_anew()
        self.db.executescript(SCHEMA + f"PRAGMA user_version={FORMAT};")

    def _write_log_anew(self) -> None:
        """What is read back after a failed flush may be in memory alone, and no later flush writes
        it: events appended behind it would go with it (docs/decisions/0023-crash-images.md). The
        log's name is flushed here too, since SQLite does not ask whether that went well.
        """
        if self._path == IN_MEMORY:
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            rewrite(Path(self._path + "-wal"))
            REAL.sync(Path(self._path).parent)
        except OSError as wrong:
            raise OutboxUnusable(self._path, wrong.strerror or str(wrong)) from wrong
        finally:
            self.db.execute("ROLLBACK")
