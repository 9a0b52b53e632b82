"""The device's durable memory: events on their way to the hub, and the state that made them.

Owns the SQLite file. An act is promised (the confirm tone) only after `append` has returned:
its events and the workflow's state are then on the disk, in one transaction. Must not know what
an event means, nor when it is sent: see `edge/link/core.py`.

Keys are (epoch, seq). `seq` grows by one for ever; an epoch ends only when the storage was lost
or set back. Acknowledgement is cumulative in each epoch, so it is one number for each.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from edge.errors import OutboxFull, OutboxUnusable
from edge.fault_points import reached
from edge.storage.durable_file import REAL, rewrite
from protocols.limits import OUTBOX_ROWS_MAX, OUTBOX_WARN_PERCENT

PRUNE_ROWS_MAX: Final = 1_000
"""Rows deleted in one go, so that no scan waits for house-keeping."""
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
READ_ROWS: Final = """
SELECT epoch, seq, at_us, payload, seq <= acked_upto FROM events
JOIN epochs USING (epoch_no) ORDER BY epoch_no, seq
"""

State = Mapping[str, bytes | None]
"""Parts of the agent's state to write, by name; None deletes. Parts not named stay."""


class Position(NamedTuple):
    """A place in the order of sending: rows of an older epoch come first."""

    epoch_no: int
    seq: int


class OutboxRow(NamedTuple):
    """One event as it is stored and as it travels."""

    position: Position
    epoch: str
    payload: bytes


class KeptRow(NamedTuple):
    """One event as an auditor reads it from the file."""

    epoch: str
    seq: int
    at_us: int
    payload: bytes
    is_acknowledged: bool


class Outbox(Protocol):
    """What the agent's core needs of a durable memory. Raises OutboxUnusable from any call."""

    @property
    def epoch(self) -> str:
        """The present epoch: 16 hexadecimal digits."""
        ...

    @property
    def last_seq(self) -> int:
        """The last sequence number given out in the present epoch; 0 before the first."""
        ...

    @property
    def boot(self) -> int:
        """How many times this memory was opened, this time included."""
        ...

    @property
    def depth(self) -> int:
        """Events not yet acknowledged by the hub."""
        ...

    @property
    def capacity(self) -> int:
        """The most that `depth` can be."""
        ...

    @property
    def last_at_us(self) -> int:
        """The moment of the newest event that is kept, by the device's own time; 0 for none."""
        ...

    @property
    def is_nearly_full(self) -> bool:
        """Whether people should be warned (OUTBOX_WARN_PERCENT)."""
        ...

    def append(self, payloads: Sequence[bytes], state: State, at_us: int) -> None:
        """Make events and state durable, all or nothing, before returning.

        The payloads take the sequence numbers after `last_seq`, in order. With no payload the
        state alone is written. Raises OutboxFull, and then nothing is written.
        """
        ...

    def state(self) -> dict[str, bytes]:
        """Every part of the state as last written."""
        ...

    def rows_after(self, position: Position, limit: int) -> list[OutboxRow]:
        """The next unacknowledged rows in the order of sending."""
        ...

    def position(self, epoch: str, seq: int) -> Position | None:
        """Where a key stands; None for an epoch that was never this device's."""
        ...

    def oldest_unacked(self) -> Position | None:
        """The first row that the hub has not acknowledged."""
        ...

    def acked_upto(self, epoch: str) -> int:
        """Everything of `epoch` up to here is acknowledged; 0 for an unknown epoch."""
        ...

    def pruned_upto(self, epoch: str) -> int:
        """Rows of `epoch` up to here are no longer kept."""
        ...

    def mark_acked(self, epoch: str, upto: int) -> int:
        """Note an acknowledgement; returns how many rows it was news for. May be repeated.

        Not flushed: a power cut may forget it, and then the rows are sent and acknowledged again.
        """
        ...

    @property
    def epochs(self) -> tuple[str, ...]:
        """Every epoch that the device had, oldest first."""
        ...

    def rewind(self, epoch: str, upto: int) -> None:
        """Take acknowledgements back to `upto`: the hub was restored from a backup."""
        ...

    def begin_epoch(self) -> str:
        """Start a new epoch at seq 1; the rows of older ones are sent first, under their keys."""
        ...

    def note(self, name: str, value: str) -> None:
        """Keep a small fact, durably."""
        ...

    def noted(self, name: str) -> str | None:
        """A fact kept by `note`."""
        ...

    def prune(self, before_us: int) -> int:
        """Delete some acknowledged rows older than `before_us`; returns how many."""
        ...

    def close(self) -> None:
        """Let go of the storage."""
        ...


class _Epoch:
    """One epoch's numbers, kept beside the table so that a scan needs no query."""

    __slots__ = ("acked_upto", "last_seq", "name", "number", "pruned_upto")

    def __init__(self, number: int, name: str, last: int, acked: int, pruned: int) -> None:
        self.number, self.name = number, name
        self.last_seq, self.acked_upto, self.pruned_upto = last, acked, pruned

    @property
    def depth(self) -> int:
        return self.last_seq - self.acked_upto


class SqliteOutbox:
    """The outbox in one SQLite file (WAL, synchronous=FULL), or in memory for simulations."""

    def __init__(
        self, path: str | Path, chance: random.Random, capacity: int = OUTBOX_ROWS_MAX
    ) -> None:
        """Open or make the file and count a boot. Raises OutboxUnusable, also when it is in use."""
        self._path = str(path)
        self._chance = chance
        self._failure = ""
        self.capacity = capacity
        self._lock_fd = self._take_lock() if self._path != IN_MEMORY else None
        with self._translated():
            # Made in one thread and used in another, the agent's; never in two at once.
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._prepare()
            self._epochs = self._read_epochs()
            self._by_name = {epoch.name: epoch for epoch in self._epochs}
            self.boot = self._count_boot()
        if not self._epochs:
            self.begin_epoch()
        self.depth = sum(epoch.depth for epoch in self._epochs)

    # ── what is on the device ────────────────────────────────────────────────────────────

    @property
    def epoch(self) -> str:
        return self._epochs[-1].name

    @property
    def last_seq(self) -> int:
        return self._epochs[-1].last_seq

    @property
    def is_nearly_full(self) -> bool:
        return self.depth * 100 >= self.capacity * OUTBOX_WARN_PERCENT

    @property
    def last_at_us(self) -> int:
        newest = "SELECT at_us FROM events ORDER BY epoch_no DESC, seq DESC LIMIT 1"
        with self._translated():
            row = self._db.execute(newest).fetchone()
        return int(row[0]) if row else 0

    def append(self, payloads: Sequence[bytes], state: State, at_us: int) -> None:
        if payloads and self.depth + len(payloads) > self.capacity:
            raise OutboxFull(self.depth, self.capacity)
        epoch = self._epochs[-1]
        first = epoch.last_seq + 1
        rows = [(epoch.number, first + n, at_us, body) for n, body in enumerate(payloads)]
        with self._transaction():
            if rows:
                self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
                self._db.execute(
                    "UPDATE epochs SET last_seq = ? WHERE epoch_no = ?", (rows[-1][1], epoch.number)
                )
            self._write_state(state)
            reached("before_commit")
        reached("after_commit")
        epoch.last_seq += len(rows)
        self.depth += len(rows)

    def state(self) -> dict[str, bytes]:
        with self._translated():
            return dict(self._db.execute("SELECT name, value FROM state"))

    # ── what the hub has ─────────────────────────────────────────────────────────────────

    def rows_after(self, position: Position, limit: int) -> list[OutboxRow]:
        found: list[OutboxRow] = []
        for epoch in self._epochs:
            after = epoch.acked_upto
            if epoch.number == position.epoch_no:
                after = max(after, position.seq)
            if epoch.number >= position.epoch_no and epoch.last_seq > after:
                found += self._rows(epoch, after, limit - len(found))
            if len(found) >= limit:
                break
        return found

    def position(self, epoch: str, seq: int) -> Position | None:
        known = self._by_name.get(epoch)
        return Position(known.number, seq) if known else None

    def oldest_unacked(self) -> Position | None:
        for epoch in self._epochs:
            if epoch.depth:
                return Position(epoch.number, epoch.acked_upto + 1)
        return None

    def acked_upto(self, epoch: str) -> int:
        known = self._by_name.get(epoch)
        return known.acked_upto if known else 0

    def pruned_upto(self, epoch: str) -> int:
        known = self._by_name.get(epoch)
        return known.pruned_upto if known else 0

    def mark_acked(self, epoch: str, upto: int) -> int:
        known = self._by_name.get(epoch)
        if known is None:
            return 0
        upto = min(upto, known.last_seq)
        news = upto - known.acked_upto
        if news <= 0:
            return 0
        reached("before_mark_acked")
        self._move_acked(known, upto)
        return news

    @property
    def epochs(self) -> tuple[str, ...]:
        return tuple(epoch.name for epoch in self._epochs)

    def rewind(self, epoch: str, upto: int) -> None:
        known = self._by_name.get(epoch)
        if known is not None and upto < known.acked_upto:
            self._move_acked(known, max(upto, known.pruned_upto))

    def begin_epoch(self) -> str:
        number = self._epochs[-1].number + 1 if self._epochs else 1
        epoch = _Epoch(number, f"{self._chance.getrandbits(64):016x}", 0, 0, 0)
        with self._transaction():
            self._db.execute("INSERT INTO epochs VALUES (?, ?, 0, 0, 0)", (number, epoch.name))
        self._epochs.append(epoch)
        self._by_name[epoch.name] = epoch
        return epoch.name

    # ── house-keeping ────────────────────────────────────────────────────────────────────

    def note(self, name: str, value: str) -> None:
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        with self._translated():
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def prune(self, before_us: int) -> int:
        return sum(self._prune_epoch(epoch, before_us) for epoch in self._epochs)

    def close(self) -> None:
        self._db.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _rows(self, epoch: _Epoch, after: int, limit: int) -> list[OutboxRow]:
        query = (
            "SELECT seq, payload FROM events WHERE epoch_no = ? AND seq > ? ORDER BY seq LIMIT ?"
        )
        with self._translated():
            rows = self._db.execute(query, (epoch.number, after, limit)).fetchall()
        return [OutboxRow(Position(epoch.number, seq), epoch.name, body) for seq, body in rows]

    def _move_acked(self, epoch: _Epoch, upto: int) -> None:
        """Not flushed: the next append, which is, comes after it in the same write-ahead log."""
        statement = "UPDATE epochs SET acked_upto = ? WHERE epoch_no = ?"
        with self._translated():
            self._db.execute("PRAGMA synchronous=NORMAL")
            try:
                self._db.execute(statement, (upto, epoch.number))
            finally:
                self._db.execute("PRAGMA synchronous=FULL")
        self.depth += epoch.acked_upto - upto
        epoch.acked_upto = upto

    def _prune_epoch(self, epoch: _Epoch, before_us: int) -> int:
        """Only a prefix goes, whatever the clock did meanwhile."""
        first_query = "SELECT min(seq) FROM events WHERE epoch_no = ? AND at_us >= ?"
        with self._translated():
            key = (epoch.number, before_us)
            first_kept = self._db.execute(first_query, key).fetchone()[0]
        upto = epoch.acked_upto if first_kept is None else min(epoch.acked_upto, first_kept - 1)
        upto = min(upto, epoch.pruned_upto + PRUNE_ROWS_MAX)
        if upto <= epoch.pruned_upto:
            return 0
        key = (epoch.number, upto)
        with self._transaction():
            self._db.execute("DELETE FROM events WHERE epoch_no = ? AND seq <= ?", key)
            self._db.execute("UPDATE epochs SET pruned_upto = ? WHERE epoch_no = ?", key[::-1])
        pruned, epoch.pruned_upto = upto - epoch.pruned_upto, upto
        return pruned

    def _write_state(self, state: State) -> None:
        for name, value in state.items():
            if value is None:
                self._db.execute("DELETE FROM state WHERE name = ?", (name,))
            else:
                self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

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
        self._db.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, FORMAT}:
            raise OutboxUnusable(self._path, f"its format {found} is newer than this agent")
        self._write_log_anew()
        self._db.executescript(SCHEMA + f"PRAGMA user_version={FORMAT};")

    def _write_log_anew(self) -> None:
        """What is read back after a failed flush may be in memory alone, and no later flush writes
        it: events appended behind it would go with it (docs/decisions/0023-crash-images.md). The
        log's name is flushed here too, since SQLite does not ask whether that went well.
        """
        if self._path == IN_MEMORY:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            rewrite(Path(self._path + "-wal"))
            REAL.sync(Path(self._path).parent)
        except OSError as wrong:
            raise OutboxUnusable(self._path, wrong.strerror or str(wrong)) from wrong
        finally:
            self._db.execute("ROLLBACK")

    def _read_epochs(self) -> list[_Epoch]:
        rows = self._db.execute(
            "SELECT epoch_no, epoch, last_seq, acked_upto, pruned_upto FROM epochs ORDER BY 1"
        )
        return [_Epoch(*row) for row in rows]

    def _count_boot(self) -> int:
        boot = int(self.noted("boot") or 0) + 1
        self.note("boot", str(boot))
        return boot

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """After one failure nothing is taken any more: what the disk holds is only known to whoever
        opens it anew.
        """
        if self._failure:
            raise OutboxUnusable(self._path, self._failure)
        try:
            yield
        except sqlite3.Error as wrong:
            self._failure = str(wrong)
            raise OutboxUnusable(self._path, str(wrong)) from wrong

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def read_outbox(path: str | Path) -> Iterator[KeptRow]:
    """Every event that a device's file holds, for an auditor; the agent may be running.

    Raises OutboxUnusable.
    """
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            for epoch, seq, at_us, payload, acked in db.execute(READ_ROWS):
                yield KeptRow(epoch, seq, at_us, payload, bool(acked))
        finally:
            db.close()
    except sqlite3.Error as wrong:
        raise OutboxUnusable(str(path), str(wrong)) from wrong
