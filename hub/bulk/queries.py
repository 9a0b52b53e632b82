"""Reads of imports for pages: runs, what they became, notes, listed adjustments."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.bulk.engine import counts_of
from hub.bulk.models import ImportNote, ImportRun, ImportSlice, ListedAdjustment
from hub.bulk.report import Note
from hub.catalog.models import Item

PAGE_ROWS: Final = 100


class RunRow(NamedTuple):
    """One import on a list; `slices_posted` of `slices_total` says how far it is."""

    id: bytes
    kind: str
    file_name: str
    state: str
    rows: int
    slices_total: int
    slices_posted: int
    created_at: int
    done_at: int | None


class AdjustmentRow(NamedTuple):
    id: bytes
    document: str
    row: int
    sku: str
    quantity: int
    note: str
    at: int
    state: str


def run_page(company: str, *, rows: int = PAGE_ROWS) -> list[RunRow]:
    """The newest imports first."""
    query = ImportRun.select().where(ImportRun.company == company)
    return [_run(r) for r in query.order_by(ImportRun.created_at.desc()).limit(rows)]


def _run(r: ImportRun) -> RunRow:
    posted = r.slices_total
    if r.state != "DONE":
        slices = ImportSlice.select().where(
            (ImportSlice.run == r.id) & ImportSlice.posted_at.is_null(False)
        )
        posted = slices.count()
    return RunRow(
        r.id, r.kind, r.file_name, r.state, r.rows_total, r.slices_total, posted, r.created_at,
        r.done_at,
    )  # fmt: skip


def half_posted(site: str) -> list[ImportRun]:
    """Files that were found good and whose rows are not all taken: the oldest first."""
    asked = (ImportRun.site == site) & (ImportRun.state == "STAGED")
    return list(ImportRun.select().where(asked).order_by(ImportRun.created_at))


def run_of(id: bytes) -> tuple[RunRow, dict[str, int]] | None:
    """One import and what its rows became."""
    run = ImportRun.get_or_none(ImportRun.id == id)
    return None if run is None else (_run(run), counts_of(id))


def note_page(run: bytes, *, after_row: int = 0, rows: int = PAGE_ROWS) -> list[Note]:
    """Notes of an import by row of the file, the next `rows` after a row."""
    query = ImportNote.select().where((ImportNote.run == run) & (ImportNote.row > after_row))
    return [Note(n.row, n.kind, n.code, n.text) for n in query.order_by(ImportNote.row).limit(rows)]


def adjustment_page(
    site: str, *, state: str = "DRAFT", after: tuple[int, bytes] = (0, b""), rows: int = PAGE_ROWS
) -> list[AdjustmentRow]:
    """Listed adjustments, oldest first, the next `rows` after (at, id)."""
    a = ListedAdjustment
    at, id = after
    query = (
        a.select(a.id, a.document, a.row, Item.sku, a.quantity, a.note, a.at, a.state)
        .join(Item, on=(Item.id == a.item))
        .where((a.site == site) & (a.state == state))
        .where((a.at > at) | ((a.at == at) & (a.id > id)))
        .order_by(a.at, a.id)
        .limit(rows)
    )
    return [AdjustmentRow(*row) for row in query.tuples().execute()]
