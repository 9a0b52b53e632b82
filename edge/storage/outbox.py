"""The device's durable memory: events on their way to the hub, and the state that made them.

An act is promised (the confirm tone) only after `append` has returned: its events and the
workflow's state are then on the disk, in one transaction. Owns the rows and the numbers of epochs;
`outbox_file` owns the file. Must not know what an event means, nor when it is sent: see
`edge/link/core.py`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge.errors import OutboxFull
from edge.fault_points import reached
from edge.storage.contract import OutboxRow, Position, State
from edge.storage.outbox_file import OutboxFile
from protocols.limits import OUTBOX_ROWS_MAX, OUTBOX_WARN_PERCENT

PRUNE_ROWS_MAX: Final = 1_000
"""Rows deleted in one go, so that no scan waits for house-keeping."""


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
        self._chance = chance
        self.capacity = capacity
        self._file = OutboxFile(path)
        self._db = self._file.db
        with self._file.reading():
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
        with self._file.reading():
            row = self._db.execute(newest).fetchone()
        return int(row[0]) if row else 0

    def append(self, payloads: Sequence[bytes], state: State, at_us: int) -> None:
        if payloads and self.depth + len(payloads) > self.capacity:
            raise OutboxFull(self.depth, self.capacity)
        epoch = self._epochs[-1]
        first = epoch.last_seq + 1
        rows = [(epoch.number, first + n, at_us, body) for n, body in enumerate(payloads)]
        with self._file.writing():
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
        with self._file.reading():
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
        with self._file.writing():
            self._db.execute("INSERT INTO epochs VALUES (?, ?, 0, 0, 0)", (number, epoch.name))
        self._epochs.append(epoch)
        self._by_name[epoch.name] = epoch
        return epoch.name

    # ── house-keeping ────────────────────────────────────────────────────────────────────

    def note(self, name: str, value: str) -> None:
        with self._file.writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        with self._file.reading():
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def prune(self, before_us: int) -> int:
        return sum(self._prune_epoch(epoch, before_us) for epoch in self._epochs)

    def close(self) -> None:
        self._file.close()

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _rows(self, epoch: _Epoch, after: int, limit: int) -> list[OutboxRow]:
        query = (
            "SELECT seq, payload FROM events WHERE epoch_no = ? AND seq > ? ORDER BY seq LIMIT ?"
        )
        with self._file.reading():
            rows = self._db.execute(query, (epoch.number, after, limit)).fetchall()
        return [OutboxRow(Position(epoch.number, seq), epoch.name, body) for seq, body in rows]

    def _move_acked(self, epoch: _Epoch, upto: int) -> None:
        statement = "UPDATE epochs SET acked_upto = ? WHERE epoch_no = ?"
        with self._file.writing_unflushed():
            self._db.execute(statement, (upto, epoch.number))
        self.depth += epoch.acked_upto - upto
        epoch.acked_upto = upto

    def _prune_epoch(self, epoch: _Epoch, before_us: int) -> int:
        """Only a prefix goes, whatever the clock did meanwhile."""
        first_query = "SELECT min(seq) FROM events WHERE epoch_no = ? AND at_us >= ?"
        with self._file.reading():
            key = (epoch.number, before_us)
            first_kept = self._db.execute(first_query, key).fetchone()[0]
        upto = epoch.acked_upto if first_kept is None else min(epoch.acked_upto, first_kept - 1)
        upto = min(upto, epoch.pruned_upto + PRUNE_ROWS_MAX)
        if upto <= epoch.pruned_upto:
            return 0
        key = (epoch.number, upto)
        with self._file.writing():
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

    def _read_epochs(self) -> list[_Epoch]:
        rows = self._db.execute(
            "SELECT epoch_no, epoch, last_seq, acked_upto, pruned_upto FROM epochs ORDER BY 1"
        )
        return [_Epoch(*row) for row in rows]

    def _count_boot(self) -> int:
        boot = int(self.noted("boot") or 0) + 1
        self.note("boot", str(boot))
        return boot
