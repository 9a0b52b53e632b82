"""A replay: fresh books made from the journal alone, compared with the real ones at every act.

Owns when two books are the same: every chain at every step, and at the end what derives from them.
Reads the real database in one snapshot, and writes only to the scratch one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec
import peewee

from hub.db import reading, writing
from hub.migrations import migrate
from hub.opening import bound_to
from hub.replaying import again, every_command
from hub.replaying.again import Row
from hub.replaying.books import Books, Heads, ledger_named
from hub.replaying.compare import compare_all

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""
PROGRESS_EVERY: Final = 500


class Difference(msgspec.Struct, frozen=True):
    """The first thing that came out otherwise."""

    what: str
    act: str = ""
    key: str = ""
    site: str = ""
    position: int = 0
    """Of the act in the journal."""


class Outcome(msgspec.Struct, frozen=True):
    """What a replay came to."""

    acts: int
    heads: dict[str, str]
    """Where each chain of the replayed books ends: site/ledger → position and hash."""
    compared: dict[str, int]
    """Rows that are the same, by table; empty when only a part was replayed."""
    difference: Difference | None = None

    @property
    def ok(self) -> bool:
        return self.difference is None


def replay(
    real: peewee.Database, scratch: peewee.Database, *, until_us: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Outcome:  # fmt: skip
    """Carry out on `scratch` whatever the journal of `real` has more, up to a moment.

    `scratch` is empty or an older copy. The models of this process mean it meanwhile.
    """
    every_command.load()
    with bound_to(scratch), reading(real):
        migrate(scratch)
        return _Replay(Books(real), Books(scratch), progress).run(until_us)


class _Replay:
    def __init__(self, real: Books, made: Books, progress: Progress) -> None:
        self._real, self._made, self._progress = real, made, progress
        self._heads: Heads = made.heads()
        self._acts = 0

    def run(self, until_us: int | None) -> Outcome:
        self._real.give_inputs(self._made.database)
        ends = self._real.heads()
        total = _journalled(ends) - _journalled(self._heads)
        for row in self._real.journal(self._heads):
            if until_us is not None and row.now_us >= until_us:
                return self._outcome(None, {})
            wrong = self._carry_out(row)
            if wrong is not None:
                return self._outcome(wrong, {})
            self._acts += 1
            if self._acts % PROGRESS_EVERY == 0:
                self._progress(self._acts, total)
        self._progress(self._acts, total)
        return self._at_the_end(ends)

    def _carry_out(self, row: Row) -> Difference | None:
        try:
            with writing(self._made.database, row.now_us) as tx:
                again.carry_out(tx, row)
        except Exception as wrong:  # noqa: BLE001 - whatever it is, it did not happen the first time
            return _of(row, f"it is refused now: {type(wrong).__name__}: {wrong}")
        return self._compare_heads(row)

    def _compare_heads(self, row: Row) -> Difference | None:
        heads = self._made.heads()
        for (site, name), (position, last) in heads.items():
            if self._heads.get((site, name)) == (position, last):
                continue
            ledger = ledger_named(name)
            found = self._real.hash_at(ledger, site, position)
            if found != last:
                cause = self._real.cause_at(ledger, site, position) or "nobody"
                return _of(
                    row, f"the ledger {name} at {position} has another row: there it is {cause}'s"
                )
        self._heads = heads
        return None

    def _at_the_end(self, ends: Heads) -> Outcome:
        for (site, name), (position, last) in sorted(ends.items()):
            if self._heads.get((site, name), (0, b"")) != (position, last) and position:
                there = self._heads.get((site, name), (0, b""))[0]
                what = f"the ledger {name} of {site} ends at {there} instead of {position}"
                return self._outcome(Difference(what), {})
        compared: dict[str, int] = {}
        for table, rows, wrong in compare_all(self._real.database, self._made.database):
            compared[table] = rows
            if wrong:
                return self._outcome(Difference(wrong), compared)
        return self._outcome(None, compared)

    def _outcome(self, wrong: Difference | None, compared: dict[str, int]) -> Outcome:
        heads = {
            f"{site}/{name}": f"{position} {last.hex()}"
            for (site, name), (position, last) in sorted(self._heads.items())
        }
        return Outcome(self._acts, heads, compared, wrong)


def _of(row: Row, what: str) -> Difference:
    return Difference(what, row.act, row.key, row.site, row.position)


def _journalled(heads: Heads) -> int:
    return sum(position for (_, name), (position, _) in heads.items() if name == "journal")


def day_end(day: str, zone: tzinfo = UTC) -> int:
    """When a date (YYYY-MM-DD) is over there, in microseconds UTC. Raises ValueError."""
    after = date.fromisoformat(day) + timedelta(days=1)
    return int(datetime.combine(after, time(), zone).timestamp()) * 1_000_000
