"""Checks of the chained ledgers, row by row: no gap, no fork, no changed byte in any column."""

from __future__ import annotations

from typing import Any, Final

import peewee

from hub.db import fetch
from hub.inventory.models import STOCK
from hub.journal import JOURNAL
from hub.ledger import Ledger, checksum, next_hash
from hub.orders.models import LINES
from hub.streaming import stream
from hub.verify.findings import Report

LEDGERS: Final[tuple[Ledger, ...]] = (JOURNAL, STOCK, LINES)


def check_chains(database: peewee.Database, report: Report) -> None:
    """Every chain of every site, and that there is a head for each and rows for each head."""
    heads = {
        (site, name): (position, bytes(last))
        for site, name, position, last in fetch(
            database, "SELECT site, ledger, position, hash FROM ledger_head"
        )
    }
    known = {ledger.name for ledger in LEDGERS}
    for site, name in heads:
        if name not in known:
            report.add("chain", f"ledger_head {site}/{name}", "there is no such ledger")
    for ledger in LEDGERS:
        sites = {site for site, name in heads if name == ledger.name}
        found = fetch(database, f'SELECT DISTINCT site FROM "{ledger.table}"')
        for site in sorted(sites | {row[0] for row in found}, key=str):
            _check_chain(database, ledger, site, heads.get((site, ledger.name)), report)


def _check_chain(
    database: peewee.Database, ledger: Ledger, site: str,
    head: tuple[int, bytes] | None, report: Report,
) -> None:  # fmt: skip
    before, position = ledger.origin(site), 0
    for row in stream(database, ledger.select_sql, (site,)):
        report.count(ledger.table)
        position += 1
        where = f"{ledger.table} {site}/{row[1]}"
        if row[1] != position:
            report.add("chain", where, f"position {position} was expected: rows are missing")
            position = row[1] if isinstance(row[1], int) else position
        before = _check_row(ledger, site, row, before, where, report)
    if head is None:
        report.add("chain", f"ledger_head {site}/{ledger.name}", "the head is missing")
    elif head != (position, before):
        report.add(
            "chain", f"ledger_head {site}/{ledger.name}",
            f"it names row {head[0]}, the ledger ends at {position} with another hash or length",
        )  # fmt: skip
    report.roots[f"{site}/{ledger.name}"] = before.hex()


def _check_row(
    ledger: Ledger, site: str, row: tuple[Any, ...], before: bytes, where: str, report: Report
) -> bytes:
    values, stored, stored_sum = row[2:-2], row[-2], row[-1]
    expected = next_hash(ledger, before, values)
    is_whole = (
        isinstance(stored, bytes) and checksum(ledger, site, row[1], values, stored) == stored_sum
    )
    if expected != stored:
        what = "a business field" if is_whole else "a column, its hash or checksum"
        report.add("chain", where, f"{what} was changed: the hash does not follow")
    elif not is_whole:
        report.add("chain", where, "a column outside the chain was changed: wrong checksum")
    return stored if isinstance(stored, bytes) else expected
