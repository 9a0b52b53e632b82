"""The engine of imports: read, validate whole, stage, post in slices, resume.

A file that has one error changes nothing. A file that was staged cannot be refused any more: it is
posted slice by slice, each one act of a few milliseconds, so that scans go on between. An import
whose process was killed goes on where it stopped when the same file is given again; once it was
staged, `go_on` does that without the file. Knows no kind by name.
"""

from __future__ import annotations

import gc
import json
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from hub.bulk.acts import AcceptImport, FinishImport, PostSlice
from hub.bulk.models import ImportNote, ImportRun, ImportSlice
from hub.bulk.posting import Context, Kind, Options, Staged, poster
from hub.bulk.reading import SourceFile, read_file
from hub.bulk.report import Note, Report
from hub.db import Insert, WriteTransaction, retrying, writing
from hub.errors import AlreadyDone
from hub.ids import digest_id
from hub.journal import Journal

_written: Final = msgspec.json.Encoder().encode
_options: Final = msgspec.json.Decoder(Options).decode
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
Progress = Callable[[str, int, int], None]
"""Called with (step, done, total)."""


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
    run = run_of(source, kind.name, company, site)
    context = Context(company, site, run, options or Options(), journal.clock.now_us())
    known = ImportRun.get_or_none(ImportRun.id == run)
    if known is not None and known.state == "DONE":
        return _report(known, was_known=True)
    if dry_run or known is None or known.state == "STAGING":
        with _no_cycle_search():
            staged = kind.read(source, context)
        if dry_run:
            return _foreseen(kind, source, context, staged)
        _stage(journal, context, kind, source, staged, say)
        del staged
    slices, longest = _post_all(journal, context, kind, say, rest)
    seconds = (journal.clock.mono_ms() - started) / 1_000
    return _report(_run(run), slices=slices, slice_ms_max=longest, seconds=seconds)


def run_of(source: SourceFile, kind: str, company: str, site: str) -> bytes:
    """The id of a file's import: the same file of the same kind is one run for ever."""
    return digest_id("import", company, site, kind, source.digest)


def go_on(
    journal: Journal, kind: Kind, run: bytes, *, progress: Progress | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:  # fmt: skip
    """Post what is left of a file that was staged when its process ended. Safe to repeat, and
    beside somebody who gives the file again.
    """
    staged = _run(run)
    options = _options(staged.options)
    context = Context(staged.company, staged.site, run, options, journal.clock.now_us())
    say = progress or (lambda _step, _done, _total: None)
    slices, longest = _post_all(journal, context, kind, say, rest)
    return _report(_run(run), slices=slices, slice_ms_max=longest)


def _run(id: bytes) -> ImportRun:
    found: ImportRun = ImportRun.get_by_id(id)
    return found


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


def _stage(
    journal: Journal, context: Context, kind: Kind, source: SourceFile, staged: Staged,
    say: Progress,
) -> None:  # fmt: skip
    """Write all slices; the run counts as STAGED only when the last one is there."""
    _begin(journal, context, kind, source, staged.rows)
    count, slices = 0, iter(staged.slices)
    while some := list(islice(slices, STAGED_AT_ONCE)):
        _keep(journal, context, count, some)
        count += len(some)
        say("staging", count, 0)
    journal.carry_out(
        AcceptImport(context.run, kind.name, source.name, source.digest, staged.rows, count),
        site=context.site, via="import", key=context.key(),
    )  # fmt: skip


def _begin(journal: Journal, context: Context, kind: Kind, source: SourceFile, rows: int) -> None:
    """A run that was killed while staging starts its staging anew."""

    def once() -> None:
        with _writing(journal) as tx:
            tx.run("DELETE FROM import_slice WHERE run = ?", (context.run,))
            tx.run("DELETE FROM import_run WHERE id = ? AND state = 'STAGING'", (context.run,))
            tx.add(
                _insert_run,
                (context.run, context.company, context.site, kind.name, source.digest,
                 source.name, "STAGING", _written(context.options).decode(), rows, 0, tx.now_us,
                 None),
            )  # fmt: skip

    retrying(once)


def _writing(journal: Journal) -> AbstractContextManager[WriteTransaction]:
    return writing(journal.database, journal.clock.now_us())


def _keep(journal: Journal, context: Context, first: int, slices: list[bytes]) -> None:
    packed = [zlib.compress(entries, 1) for entries in slices]

    def once() -> None:
        with _writing(journal) as tx:
            for n, entries in enumerate(packed, start=first):
                tx.add(_insert_slice, (context.run, n, entries, None, "{}"))

    retrying(once)


def _post_all(
    journal: Journal, context: Context, kind: Kind, say: Progress, rest: Callable[[float], None]
) -> tuple[int, int]:
    """Post what is not posted yet; returns how many slices and the longest, in ms."""
    waiting = [
        row.n
        for row in ImportSlice.select(ImportSlice.n)
        .where((ImportSlice.run == context.run) & ImportSlice.posted_at.is_null())
        .order_by(ImportSlice.n)
    ]
    poster(journal.database, context.run, kind)
    longest, clock = 0, journal.clock
    for done, n in enumerate(waiting, start=1):
        before = clock.mono_ms()
        _post_one(journal, context, kind, n)
        took = clock.mono_ms() - before
        longest = max(longest, took)
        say("posting", done, len(waiting))
        rest(min(max(took / 1_000 * REST_SHARE, REST_MIN_S), REST_MAX_S))
    journal.carry_out(FinishImport(context.run), site=context.site, via="import")
    return len(waiting), longest


def _post_one(journal: Journal, context: Context, kind: Kind, n: int) -> None:
    """One slice, one act; somebody else may have posted it meanwhile."""
    one = PostSlice(context.run, n, kind.name, context.company, context.options)
    with suppress(AlreadyDone):
        journal.carry_out(one, site=context.site, via="import", key=f"{context.key()}/{n}")


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
    run: ImportRun, *, was_known: bool = False, slices: int = 0, slice_ms_max: int = 0,
    seconds: float = 0.0,
) -> Report:  # fmt: skip
    return Report(
        run.kind, run.file_name, run.id, False, was_known, run.rows_total, counts_of(run.id),
        notes_of(run.id), slices, slice_ms_max, seconds,
    )  # fmt: skip
