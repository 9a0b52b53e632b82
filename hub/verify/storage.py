"""Checks of the file below the ledgers: its pages and indexes, and rows that say how they must be.

A disk may flip a bit, and SQLite reads on without a word. What no ledger covers is compared with
whatever else knows it: an index with its table, an event with the payload in the journal, a place
with its own id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import peewee

from hub.db import fetch, is_postgresql
from hub.inventory.posting import place_id
from hub.streaming import stream
from hub.verify.findings import Report
from protocols.envelope import payload_digest
from protocols.messages.events import EVENT_TYPES

PROBLEMS_MAX: Final = 20
ROWS_AT_ONCE: Final = 5_000


class _Told(msgspec.Struct, frozen=True):
    """What the payload of an event says that its row says too."""

    type: str
    at: int


_TYPES: Final = ", ".join(f"'{name}'" for name in sorted(EVENT_TYPES))
_APPLIED: Final = (
    "SELECT v.device, v.epoch, v.seq, v.digest, v.type, v.at, j.input FROM device_event v "
    "JOIN journal j ON j.site = v.site AND j.key = v.device || '/' || v.epoch || '/' || v.seq "
    "WHERE v.site = ? AND v.device = ? AND v.epoch = ? AND v.seq > ? AND v.state = 'APPLIED' "
    f"AND j.act IN ({_TYPES}) ORDER BY v.seq LIMIT ?"
)
_decode: Final = msgspec.json.Decoder(_Told).decode


def check_file(database: peewee.Database, report: Report) -> None:
    """Every page, and whether every index agrees with its table. PostgreSQL has data checksums for
    the same, which whoever runs it switches on.
    """
    if is_postgresql(database):
        return
    for (problem,) in fetch(database, f"PRAGMA integrity_check({PROBLEMS_MAX})"):
        if problem != "ok":
            report.add("storage", "the database file", problem)
    report.count("page", int(fetch(database, "PRAGMA page_count")[0][0]))


def check_readable(database: peewee.Database, report: Report) -> None:
    """Every row of every table can be read; text that is no UTF-8 any more is found only here."""
    for table in database.get_tables():
        try:
            for _row in stream(database, f'SELECT * FROM "{table}"'):
                continue
        except (peewee.DatabaseError, sqlite3.DatabaseError) as wrong:
            report.add("storage", f"table {table}", f"cannot be read: {wrong}")


def check_event_rows(database: peewee.Database, report: Report) -> None:
    """Rows of events against the payloads in the journal, which is chained."""
    for device, epoch, seq, digest, type, at, payload in _applied_events(database):
        where = f"{device}/{epoch}/{seq}"
        if payload_digest(bytes(payload)) != bytes(digest):
            report.add("events", where, "the digest is not that of the payload in the journal")
        elif not _says(bytes(payload), type, at):
            report.add("events", where, "type or moment are not those of the payload")


def _applied_events(database: peewee.Database) -> Iterator[tuple[Any, ...]]:
    """With their payloads: fetched in portions, since a year of them is more than memory holds."""
    for epoch in fetch(database, "SELECT DISTINCT site, device, epoch FROM device_event"):
        seq = -1
        while rows := fetch(database, _APPLIED, (*epoch, seq, ROWS_AT_ONCE)):
            yield from rows
            seq = rows[-1][2]


def _says(payload: bytes, type: str, at: int) -> bool:
    try:
        told = _decode(payload)
    except msgspec.DecodeError:
        return False
    return told.type == type and told.at == at


def check_places(database: peewee.Database, report: Report) -> None:
    """The id of a place is nothing but its site, kind and code."""
    for id, site, kind, code in stream(database, "SELECT id, site, kind, code FROM place"):
        report.count("place")
        if place_id(site, kind, code) != bytes(id):
            report.add("place", f"{kind} {code}", "the id is not that of its site, kind and code")
