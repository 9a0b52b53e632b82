"""The books that are replayed: their journal, their chains, and what acts were given beside it.

Reads only. Personal values and staged files are no part of the journal, but input of its acts, so
they are copied as they were before anything was done with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Any, Final

import peewee

from hub.bulk.models import ImportRun, ImportSlice
from hub.db import Insert, Table, fetch, writing
from hub.ledger import Ledger
from hub.personal import PersonalInput
from hub.replaying.again import COLUMNS, Row
from hub.streaming import stream
from hub.verify.chains import LEDGERS

ROWS_AT_ONCE: Final = 500
Heads = dict[tuple[str, str], tuple[int, bytes]]
"""(site, ledger) → (position, hash)"""
_BEFORE: Final[tuple[tuple[type[Table], dict[str, Any]], ...]] = (
    (PersonalInput, {}),
    (ImportRun, {"state": "STAGING", "slices_total": 0, "done_at": None}),
    (ImportSlice, {"posted_at": None, "counts": "{}"}),
)
"""Tables of input, and their columns that acts have changed since, as they were before."""


class Books:
    """One database, as far as a replay looks at it."""

    def __init__(self, database: peewee.Database) -> None:
        self.database = database

    def heads(self) -> Heads:
        rows = fetch(self.database, "SELECT site, ledger, position, hash FROM ledger_head")
        return {(site, name): (int(at), bytes(last)) for site, name, at, last in rows}

    def journal(self, after: Heads) -> Iterator[Row]:
        """The rows that follow these heads; those of several sites in the order of their time."""
        sites = sorted({site for site, name in self.heads() if name == "journal"})
        begins = (after.get((site, "journal"), (0, b""))[0] for site in sites)
        every = (self._rows(site, at) for site, at in zip(sites, begins, strict=True))
        return merge(*every, key=attrgetter("now_us"))

    def _rows(self, site: str, after: int) -> Iterator[Row]:
        sql = (
            f"SELECT {COLUMNS} FROM journal WHERE site = ? AND position > ? "
            f"ORDER BY position LIMIT {ROWS_AT_ONCE}"
        )
        while rows := fetch(self.database, sql, (site, after)):
            for row in rows:
                read = Row(*row)
                yield read._replace(actor=_bytes(read.actor), input=_bytes(read.input))
            after = rows[-1][1]

    def hash_at(self, ledger: Ledger, site: str, position: int) -> bytes | None:
        """The hash of one row of a chain; None when there is none."""
        sql = f'SELECT hash FROM "{ledger.table}" WHERE site = ? AND position = ?'
        rows = fetch(self.database, sql, (site, position))
        return bytes(rows[0][0]) if rows else None

    def cause_at(self, ledger: Ledger, site: str, position: int) -> str:
        """The key of the act that wrote one row of a chain; empty when there is none."""
        column = "key" if ledger.name == "journal" else "cause"
        sql = f'SELECT {column} FROM "{ledger.table}" WHERE site = ? AND position = ?'
        rows = fetch(self.database, sql, (site, position))
        return str(rows[0][0]) if rows else ""

    def give_inputs(self, scratch: peewee.Database) -> None:
        """Copy what acts were told beside the journal; what is there already stays."""
        for model, before in _BEFORE:
            insert = Insert(model, or_ignore=True)
            names = ", ".join(f'"{name}"' for name in insert.columns)
            sql = f'SELECT {names} FROM "{model._meta.table_name}"'  # noqa: SLF001
            with writing(scratch, 0) as tx:
                for row in stream(self.database, sql):
                    values = dict(zip(insert.columns, row, strict=True)) | before
                    tx.send(insert.sql, [[values[name] for name in insert.columns]])


def _bytes(value: Any) -> bytes:
    """Also of a row that somebody changed by hand into text."""
    return value.encode() if isinstance(value, str) else bytes(value)


def ledger_named(name: str) -> Ledger:
    return next(ledger for ledger in LEDGERS if ledger.name == name)
