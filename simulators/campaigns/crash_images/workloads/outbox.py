"""The device's real outbox at work: scans, acknowledgements, pruning, restarts, new epochs.

Options: seed, acts, checkpoint_pages (so that the log is reset often), synchronous (FULL is what
the product sets; the others are controls, which must come out broken), restarts: how often a failed
write may end the process, as it ends the agent, and another takes up its work.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Final

from edge.errors import OutboxUnusable
from edge.storage.durable_file import REAL
from edge.storage.outbox import SqliteOutbox
from simulators.campaigns.crash_images.saying import PagesSaying
from simulators.campaigns.crash_images.workloads.processes import go_on, go_on_if_allowed

FILE: Final = "device/outbox.db"
"""In a folder that is made for it, as the agent does."""
COUNTER: Final = "counter"
"""A part of the state that is written with each append: how many events there ever were."""
SECOND_US: Final = 1_000_000
KEEP_US: Final = 20 * SECOND_US


def ideal_payload(epoch: str, seq: int) -> bytes:
    """What the event with this key must hold: between 8 and 3,008 bytes."""
    digest = blake2b(f"{epoch}/{seq}".encode(), digest_size=8).digest()
    return digest + b"." * (digest[0] ** 2 % 3_001 if digest[1] < 40 else digest[0])


class RecordedOutbox(SqliteOutbox):
    """The same with more checkpoints, and as a control with less care."""

    def __init__(self, path: Path, chance: Random, checkpoint_pages: int, synchronous: str) -> None:
        self._pragmas = (f"wal_autocheckpoint={checkpoint_pages}", f"synchronous={synchronous}")
        super().__init__(path, chance)
        self._careless()

    def mark_acked(self, epoch: str, upto: int) -> int:
        news = super().mark_acked(epoch, upto)
        self._careless()
        return news

    def _careless(self) -> None:
        for pragma in self._pragmas:
            self._db.execute(f"PRAGMA {pragma}")


class OutboxWork:
    """Acts by chance, each said as soon as the outbox has returned."""

    def __init__(self, folder: Path, said: str, options: dict[str, Any]) -> None:
        self._path, self._options = folder / FILE, options
        self._chance = Random(options["seed"])
        self._say = PagesSaying(said, self._path)
        self._now_us = options.get("now_us", 0)
        self._open()

    def work(self) -> int:
        """Returns how many acts were not done because the outbox failed."""
        kinds, weights = list(self._kinds), list(self._kinds.values())
        for left in range(self._options["acts"], 0, -1):
            self._now_us += SECOND_US
            (do,) = self._chance.choices(kinds, weights=weights)
            try:
                do(self)
            except OutboxUnusable:
                if not self._options.get("restarts"):
                    raise
                return left - 1
        self._outbox.close()
        self._promise()
        return 0

    @property
    def goes_on_with(self) -> dict[str, Any]:
        """The options of the process that comes next."""
        return {**self._options, "seed": self._options["seed"] + 1, "now_us": self._now_us}

    def _open(self) -> None:
        REAL.make_folder(self._path.parent)
        self._outbox = RecordedOutbox(
            self._path, self._chance, self._options["checkpoint_pages"],
            self._options["synchronous"],
        )  # fmt: skip
        self._upto = last_seqs(self._path)
        self._events = int(self._outbox.state().get(COUNTER, b"0"))
        self._promise()

    def _promise(self, *, flushed: bool = True) -> None:
        self._say(flushed=flushed, upto=self._upto)

    # ── acts ─────────────────────────────────────────────────────────────────────────────

    def _append(self) -> None:
        epoch, first = self._outbox.epoch, self._outbox.last_seq + 1
        count = self._chance.choice((1, 1, 1, 2, 3))
        payloads = [ideal_payload(epoch, first + n) for n in range(count)]
        state = {COUNTER: str(self._events + count).encode()}
        self._outbox.append(payloads, state, self._now_us)
        self._events += count
        self._upto[epoch] = self._outbox.last_seq
        self._promise()

    def _acknowledge(self) -> None:
        epoch = self._chance.choice(self._outbox.epochs)
        upto = self._outbox.acked_upto(epoch) + self._chance.randint(1, 6)
        if self._outbox.mark_acked(epoch, upto):
            self._promise(flushed=False)

    def _prune(self) -> None:
        if self._outbox.prune(self._now_us - KEEP_US):
            self._promise()

    def _rewind(self) -> None:
        epoch = self._chance.choice(self._outbox.epochs)
        self._outbox.rewind(epoch, self._outbox.acked_upto(epoch) - 2)
        self._promise(flushed=False)

    def _note(self) -> None:
        self._outbox.note("hub_epoch", f"{self._chance.getrandbits(32):08x}")
        self._promise()

    def _begin_epoch(self) -> None:
        self._outbox.begin_epoch()
        self._promise()

    def _restart(self) -> None:
        self._outbox.close()
        self._open()

    _kinds: Final[dict[Callable[[OutboxWork], None], int]] = {
        _append: 60, _acknowledge: 18, _prune: 6, _rewind: 2, _note: 3, _begin_epoch: 1,
        _restart: 3,
    }  # fmt: skip


def last_seqs(path: Path) -> dict[str, int]:
    """How far each epoch of an outbox goes, as its file says, pruned events included."""
    db = sqlite3.connect(path)
    try:
        return dict(db.execute("SELECT epoch, last_seq FROM epochs"))
    finally:
        db.close()


def main(folder: str, said: str, options: str) -> None:
    asked = json.loads(options)
    try:
        work = OutboxWork(Path(folder), said, asked)
    except OutboxUnusable:
        go_on_if_allowed(folder, said, asked)
        raise
    left = work.work()
    if left:
        go_on(folder, said, {**work.goes_on_with, "acts": left})


if __name__ == "__main__":
    main(*sys.argv[1:])
