"""What acts do with a staged file: accept it, post it slice by slice, finish it.

Owns what the kinds of files agree on, and the rows of `import_run` and `import_slice` once a file
is staged. The staged slices are the input of these acts: a replay reads the same ones.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import peewee

from hub.bulk.errors import OtherImportRuns
from hub.bulk.models import ImportNote
from hub.bulk.reading import SourceFile
from hub.bulk.report import Note, Outcome
from hub.db import Insert
from hub.errors import AlreadyDone, NotFound
from hub.journal import Act

_insert_note: Final = Insert(ImportNote, or_ignore=True)


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

    company: str
    site: str
    run: bytes
    options: Options
    now_us: int
    """When the file was read, or the slice is posted."""

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
    """One kind of file. `read` refuses, `post` cannot.

    What `read` stages holds no secret as it was written: passwords and PINs are hashed by then.
    """

    @property
    def name(self) -> str: ...

    def read(self, source: SourceFile, context: Context) -> Staged: ...

    def post(self, act: Act, context: Context, entries: bytes) -> Outcome: ...


_posters: Final[WeakKeyDictionary[peewee.Database, tuple[bytes, Kind]]] = WeakKeyDictionary()


def poster(database: peewee.Database, run: bytes, fresh: Kind) -> Kind:
    """The kind that posts a run here: the same for all its slices, since it remembers articles and
    customers between them.
    """
    known = _posters.get(database)
    if known is None or known[0] != run:
        known = _posters[database] = (run, fresh)
    return known[1]


def accept(act: Act, run: bytes, slices: int, file_name: str) -> None:
    """All slices are there: from now on the file cannot be refused. Raises OtherImportRuns."""
    row = act.tx.row("SELECT COUNT(*) FROM import_slice WHERE run = ?", (run,))
    changed = act.tx.run(
        "UPDATE import_run SET state = 'STAGED', slices_total = ? "
        "WHERE id = ? AND state = 'STAGING'",
        (slices, run),
    )
    if changed != 1 or row is None or row[0] != slices:
        raise OtherImportRuns(file_name)


def post_slice(act: Act, context: Context, kind: Kind, n: int) -> None:
    """Take the slice first: of two who post the same file, one posts it and one passes on.

    Raises AlreadyDone, NotFound.
    """
    taken = act.tx.run(
        "UPDATE import_slice SET posted_at = ? WHERE run = ? AND n = ? AND posted_at IS NULL",
        (act.now_us, context.run, n),
    )
    row = act.tx.row("SELECT entries FROM import_slice WHERE run = ? AND n = ?", (context.run, n))
    if row is None:
        raise NotFound("slice of import", f"{context.run.hex()}/{n}")
    if taken != 1:
        raise AlreadyDone(act.key)
    outcome = kind.post(act, context, zlib.decompress(bytes(row[0])))
    for note in outcome.notes:
        act.tx.add(_insert_note, (context.run, *note))
    sql = "UPDATE import_slice SET counts = ? WHERE run = ? AND n = ?"
    act.tx.run(sql, (json.dumps(outcome.counts), context.run, n))


def finish(act: Act, run: bytes) -> None:
    """Done when nothing waits."""
    act.tx.run(
        "UPDATE import_run SET state = 'DONE', done_at = ? WHERE id = ? AND state = 'STAGED' "
        "AND NOT EXISTS (SELECT 1 FROM import_slice WHERE run = ? AND posted_at IS NULL)",
        (act.now_us, run, run),
    )
