"""The engine of imports: read, validate whole, stage, post in slices, resume.

A file that has one error changes nothing. A file that was staged cannot be refused any more: it is
posted slice by slice, each one act of a few milliseconds, so that scans go on between. A killed
import goes on where it stopped when the same file is given again. Knows no kind by name.
"""

from __future__ import annotations

import gc
import json
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from hub.bulk.errors import OtherImportRuns
from hub.bulk.models import ImportNote, ImportRun, ImportSlice
from hub.bulk.reading import SourceFile, read_file
from hub.bulk.report import Note, Outcome, Report
from hub.db import Insert, WriteTransaction, retrying, writing
from hub.errors import AlreadyDone
from hub.ids import digest_id
from hub.journal import Act, Journal

STAGED_AT_ONCE: Final = 40
"""Slices that one staging transaction writes: some 200 kB."""
REST_SHARE: Final = 0.5
"""The import rests for this share of each slice's time, so that waiting scans get their turn.

With half of it another writer waited 57 ms at most, with a quarter up to 1.1 s: SQLite's waiters
look only every few milliseconds.
"""
REST_MIN_S: Final = 0.005
REST_MAX_S: Final = 0.015
_insert_run: Final = Insert(ImportRun)
_insert_slice: Final = Insert(ImportSlice)
_insert_note: Final = Insert(ImportNote, or_ignore=True)
Progress = Callable[[str, int, int], None]
"""Called with (step, done, total)."""


@dataclass(frozen=True)
class Options:
    """How a file is to be understood, where its kind leaves it open."""

    channel: str = "uci"
    time_zone: str = "Europe/London"
    shift_to: date | None = None
    """The file's last day becomes this one."""
    due_at: int | None = None
    """Orders that name no time are due then; without it at the cut-off after they were placed."""


@dataclass(frozen=True)
class Context:
    """Whose import it is; passed to the kind with every call."""

    journal: Journal
    company: str
    site: str
    run: bytes
    options: Options

    def key(self) -> str:
        """What the keys of its acts begin with: short, since every row they cause carries it."""
        return f"import/{self.run.hex()[:16]}"


@dataclass(frozen=True)
class Staged:
    """A file that was understood: its slices, encoded, and what a dry run may say of them."""

    rows: int
    slices: Iterable[bytes]
    foreseen: Counter[str]
    notes: list[Note]


class Kind(Protocol):
    """One kind of file. `read` refuses, `post` cannot."""

    @property
    def name(self) -> str: ...

    @property
    def forgets(self) -> bool:
        """Whether staged values are secrets, and erased as soon as they are posted."""
        ...

    def read(self, source: SourceFile, context: Context) -> Staged: ...

    def post(self, act: Act, context: Context, entries: bytes) -> Outcome: ...


def run_import(
    journal: Journal, kind: Kind, path: Path, *, company: str, site: str,
    options: Options | None = None, dry_run: bool = False, progress: Progress | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:  # fmt: skip
    """Import a file, or go on with it; safe to repeat: a file that is done changes nothing.

    Raises ImportRefused, WrongColumns, UnreadableFile before anything is changed.
    """
    started = journal.clock.mono_ms()
    say = progress or (lambda _step, _done, _total: None)
    source = read_file(path)
    run = digest_id("import", company, site, kind.name, source.digest)
    context = Context(journal, company, site, run, options or Options())
    known = ImportRun.get_or_none(ImportRun.id == run)
    if known is not None and known.state == "DONE":
        return _report(known, kind, source, was_known=True)
    if dry_run or known is None or known.state == "STAGING":
        with _no_cycle_search():
            staged = kind.read(source, context)
        if dry_run:
            return _foreseen(kind, source, context, staged)
        _stage(context, kind, source, staged, say)
        del staged
    slices, longest = _post_all(context, kind, source, say, rest)
    seconds = (journal.clock.mono_ms() - started) / 1_000
    done = ImportRun.get_by_id(run)
    return _report(done, kind, source, slices=slices, slice_ms_max=longest, seconds=seconds)


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """Rows make no cycles; looking for some took a third of the time of reading half a million."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _foreseen(kind: Kind, source: SourceFile, context: Context, staged: Staged) -> Report:
    return Report(
        kind.name, source.name, context.run, True, False, staged.rows, dict(staged.foreseen),
        staged.notes,
    )  # fmt: skip


def _stage(context: Context, kind: Kind, source: SourceFile, staged: Staged, say: Progress) -> None:
    """Write all slices; the run counts as STAGED only when the last one is there."""
    _begin(context, kind, source, staged.rows)
    count, slices = 0, iter(staged.slices)
    while some := list(islice(slices, STAGED_AT_ONCE)):
        _keep(context, count, some)
        count += len(some)
        say("staging", count, 0)
    context.journal.perform(
        "import.staged",
        lambda act: _accept(act, context.run, count, source.name),
        site=context.site, via="import", key=context.key(),
        input={"run": context.run.hex(), "kind": kind.name, "digest": source.digest,
               "rows": staged.rows, "slices": count},
    )  # fmt: skip


def _begin(context: Context, kind: Kind, source: SourceFile, rows: int) -> None:
    """A run that was killed while staging starts its staging anew."""

    def once() -> None:
        with _writing(context) as tx:
            tx.run("DELETE FROM import_slice WHERE run = ?", (context.run,))
            tx.run("DELETE FROM import_run WHERE id = ? AND state = 'STAGING'", (context.run,))
            tx.add(
                _insert_run,
                (context.run, context.company, context.site, kind.name, source.digest,
                 source.name, "STAGING", rows, 0, tx.now_us, None),
            )  # fmt: skip

    retrying(once)


def _writing(context: Context) -> AbstractContextManager[WriteTransaction]:
    return writing(context.journal.database, context.journal.clock.now_us())


def _keep(context: Context, first: int, slices: list[bytes]) -> None:
    packed = [zlib.compress(entries, 1) for entries in slices]

    def once() -> None:
        with _writing(context) as tx:
            for n, entries in enumerate(packed, start=first):
                tx.add(_insert_slice, (context.run, n, entries, None, "{}"))

    retrying(once)


def _accept(act: Act, run: bytes, slices: int, file_name: str) -> None:
    row = act.tx.row("SELECT COUNT(*) FROM import_slice WHERE run = ?", (run,))
    changed = act.tx.run(
        "UPDATE import_run SET state = 'STAGED', slices_total = ? "
        "WHERE id = ? AND state = 'STAGING'",
        (slices, run),
    )
    if changed != 1 or row is None or row[0] != slices:
        raise OtherImportRuns(file_name)


def _post_all(
    context: Context, kind: Kind, source: SourceFile, say: Progress, rest: Callable[[float], None]
) -> tuple[int, int]:
    """Post what is not posted yet; returns how many slices and the longest, in ms."""
    waiting = [
        row.n
        for row in ImportSlice.select(ImportSlice.n)
        .where((ImportSlice.run == context.run) & ImportSlice.posted_at.is_null())
        .order_by(ImportSlice.n)
    ]
    longest, clock = 0, context.journal.clock
    for done, n in enumerate(waiting, start=1):
        before = clock.mono_ms()
        _post_one(context, kind, n)
        took = clock.mono_ms() - before
        longest = max(longest, took)
        say("posting", done, len(waiting))
        rest(min(max(took / 1_000 * REST_SHARE, REST_MIN_S), REST_MAX_S))
    context.journal.perform(
        "import.finish", lambda act: _finish(act, context.run), site=context.site, via="import",
        input={"run": context.run.hex()},
    )  # fmt: skip
    return len(waiting), longest


def _post_one(context: Context, kind: Kind, n: int) -> None:
    """One slice, one act. Its key makes sure that no slice is posted twice."""
    staged = ImportSlice.get((ImportSlice.run == context.run) & (ImportSlice.n == n))
    entries = zlib.decompress(staged.entries)
    try:
        context.journal.perform(
            f"import.{kind.name}",
            lambda act: _post(act, context, kind, n, entries),
            site=context.site, via="import", key=f"{context.key()}/{n}",
            input={"run": context.run.hex(), "slice": n},
        )  # fmt: skip
    except AlreadyDone:
        return


def _post(act: Act, context: Context, kind: Kind, n: int, entries: bytes) -> None:
    """Take the slice first: of two who post the same file, one posts it and one passes on."""
    taken = act.tx.run(
        "UPDATE import_slice SET posted_at = ? WHERE run = ? AND n = ? AND posted_at IS NULL",
        (act.now_us, context.run, n),
    )
    if taken != 1:
        raise AlreadyDone(act.key)
    outcome = kind.post(act, context, entries)
    for note in outcome.notes:
        act.tx.add(_insert_note, (context.run, *note))
    sql = "UPDATE import_slice SET counts = ? WHERE run = ? AND n = ?"
    act.tx.run(sql, (json.dumps(outcome.counts), context.run, n))
    if kind.forgets:
        sql = "UPDATE import_slice SET entries = ? WHERE run = ? AND n = ?"
        act.tx.run(sql, (b"", context.run, n))


def _finish(act: Act, run: bytes) -> None:
    """Done when nothing waits."""
    act.tx.run(
        "UPDATE import_run SET state = 'DONE', done_at = ? WHERE id = ? AND state = 'STAGED' "
        "AND NOT EXISTS (SELECT 1 FROM import_slice WHERE run = ? AND posted_at IS NULL)",
        (act.now_us, run, run),
    )


def counts_of(run: bytes) -> dict[str, int]:
    """What the rows of a run became so far: kind → rows."""
    total: Counter[str] = Counter()
    for row in ImportSlice.select(ImportSlice.counts).where(ImportSlice.run == run):
        total.update(json.loads(row.counts))
    return dict(sorted(total.items()))


def notes_of(run: bytes) -> list[Note]:
    """What is to be known of single rows, in the file's order."""
    query = ImportNote.select().where(ImportNote.run == run).order_by(ImportNote.row)
    return [Note(n.row, n.kind, n.code, n.text) for n in query]


def _report(
    run: ImportRun, kind: Kind, source: SourceFile, *, was_known: bool = False, slices: int = 0,
    slice_ms_max: int = 0, seconds: float = 0.0,
) -> Report:  # fmt: skip
    return Report(
        kind.name, source.name, run.id, False, was_known, run.rows_total, counts_of(run.id),
        notes_of(run.id), slices, slice_ms_max, seconds,
    )  # fmt: skip
