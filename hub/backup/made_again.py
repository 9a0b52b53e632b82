"""The nightly comparison: an earlier backup, carried on by the journal, against today's books.

A bit that flips in a row no ledger covers changes what people read and no sum. But every such row
follows from acts: what the acts make again is what must be there (docs/decisions/0032). Owns which
backup it begins with, and nothing of how acts are carried out again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import peewee

from hub.backup import archive
from hub.backup.archive import Manifest
from hub.db import fetch
from hub.opening import open_scratch
from hub.replaying.books import Books, ledger_named
from hub.replaying.replay import replay
from hub.verify.findings import Report

ACTS_MAX: Final = 200_000
"""Without an earlier backup the books are made again from nothing. More acts than these are not:
the comparison then begins with tonight's backup, tomorrow."""
CHECK: Final = "journal"


def begin_with(earlier: Iterable[Path], real: peewee.Database, scratch: Path) -> list[str]:
    """Put the database of the first of these backups that can be read, and on which today's books
    go on, in place; none when there is none. Returns the names of those that are damaged.
    """
    damaged = []
    for file in earlier:
        manifest = archive.read_manifest(file)
        if not manifest.is_true or not _goes_on(manifest, Books(real)):
            continue
        try:
            archive.take_database(file, scratch)
            break
        except archive.DamagedBackup:
            scratch.unlink(missing_ok=True)
            damaged.append(file.name)
    return damaged


def _goes_on(manifest: Manifest, books: Books) -> bool:
    """A backup from before a restore may end in acts that never were, as far as this hub knows."""
    return all(
        books.hash_at(ledger_named(name), site, position) == bytes.fromhex(last)
        for (site, name), position, last in (
            (chain.rsplit("/", 1), *end) for chain, end in manifest.heads.items()
        )
        if position
    )


def check_made_again(real: peewee.Database, scratch: Path, report: Report) -> None:
    """Carry the journal out on `scratch`, an earlier copy or not there yet, and compare.

    Only for books whose chains hold: on others the first act would fail, and say nothing more.
    """
    if not scratch.exists() and _acts(real) > ACTS_MAX:
        return
    made = open_scratch(scratch)
    try:
        outcome = replay(real, made)
    finally:
        made.close()
    report.count("act made again", outcome.acts)
    wrong = outcome.difference
    if wrong is not None:
        where = f"{wrong.act} at {wrong.site}/{wrong.position}" if wrong.act else "what follows"
        report.add(CHECK, where, f"made again from the journal it is different: {wrong.what}")


def _acts(real: peewee.Database) -> int:
    rows = fetch(
        real, "SELECT COALESCE(SUM(position), 0) FROM ledger_head WHERE ledger = 'journal'"
    )
    return int(rows[0][0])
