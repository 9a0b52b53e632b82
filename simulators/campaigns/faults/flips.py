"""`binlight bench flips`: one bit of a hub's database is flipped, and the night must notice.

Owns the specimen (a day's real work), the flipping, and the judgement of each case: noticed, by
`verify` alone or when the books are made again from the journal; harmless (no row of any table
reads differently, no index lies); or silent: a defect of the night's work for the table it names.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import peewee

from hub.backup.made_again import check_made_again
from hub.opening import open_beside
from hub.verify.command import verify
from hub.verify.findings import Report
from simulators.virtual.shift import Shift, ShiftPlan

FLIPS: Final = 1_000
ORDERS: Final = 15
HEADER_BYTES: Final = 100
SAY_EVERY: Final = 100
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - files of our own folder in it
_BROKEN: Final = (sqlite3.Error, peewee.PeeweeException, UnicodeDecodeError, ValueError, TypeError,
                  KeyError, AttributeError, IndexError)  # fmt: skip
"""How a reader falls over a page that is no page any more, or a value of another kind."""


class Case(NamedTuple):
    """What became of one flipped bit."""

    outcome: str
    """NOTICED, HARMLESS, or SILENT."""
    by: str = ""
    """Which check noticed it; for a silent one, the tables that read differently."""


def measure(
    say: Callable[[str], None], scale: float = 1.0, seed: int = 7, flips: int = 0
) -> dict[str, Any]:
    """Flip so many bits, one at a time, in copies of one specimen."""
    wanted = flips or max(1, round(FLIPS * scale))
    chance = Random(seed)
    found: Counter[str] = Counter()
    by: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        image = specimen(seed, Path(folder))
        file = Path(folder) / "hub.db"
        truth = dump(image, file)
        for n in range(1, wanted + 1):
            case = judge(flipped(image, chance), file, truth)
            found[case.outcome] += 1
            by[f"{case.outcome.lower()}: {case.by}"] += bool(case.by)
            if n % SAY_EVERY == 0:
                say(f"{n} flips: {dict(found)}")
    return {
        "flips": wanted, "noticed": found["NOTICED"], "harmless": found["HARMLESS"],
        "silent": found["SILENT"], "by": dict(by.most_common()), "bytes": len(image), "seed": seed,
    }  # fmt: skip


def specimen(seed: int, folder: Path, orders: int = ORDERS) -> bytes:
    """The database file of a hub after a shift."""
    shift = Shift(ShiftPlan(seed=seed, orders=orders, pickers=2), folder)
    shift.run()
    file = folder / "specimen.db"
    with closing(sqlite3.connect(file)) as target:
        shift.journal.database.connection().backup(target)  # type: ignore[no-untyped-call]
    shift.journal.database.close()
    return file.read_bytes()


def flipped(image: bytes, chance: Random) -> bytes:
    """The image with one bit changed, anywhere."""
    at = chance.randrange(len(image))
    changed = bytearray(image)
    changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def judge(image: bytes, file: Path, truth: dict[str, bytes]) -> Case:
    """Open the image as a hub would, verify it, and compare every row with the truth."""
    _put(image, file)
    by = _noticed_by(file)
    if by:
        return Case("NOTICED", by)
    try:
        found = _dump_of(file)
    except _BROKEN:
        return Case("SILENT", "unreadable")
    different = sorted(
        name for name in truth.keys() | found.keys() if truth.get(name) != found.get(name)
    )
    if not different:
        return Case("HARMLESS")
    by = _noticed_when_made_again(file)
    return Case("NOTICED", by) if by else Case("SILENT", ", ".join(different))


def _noticed_when_made_again(file: Path) -> str:
    """The night's second look. From nothing, as in a hub's first night: an earlier backup, which
    has values of its own to compare with, can only notice more.
    """
    scratch, report = file.with_name("again.db"), Report()
    database = open_beside(f"sqlite:///{file}")
    try:
        check_made_again(database, scratch, report)
    except _BROKEN as wrong:
        return type(wrong).__name__
    finally:
        database.close()
        for left in scratch.parent.glob(f"{scratch.name}*"):
            left.unlink()
    return report.findings[0].check if report.findings else ""


def _noticed_by(file: Path) -> str:
    database = peewee.SqliteDatabase(str(file))
    try:
        report = verify(database)
    except _BROKEN as wrong:
        return type(wrong).__name__
    finally:
        database.close()
    return report.findings[0].check if report.findings else ""


def dump(image: bytes, file: Path) -> dict[str, bytes]:
    """A digest of all rows of each table, and of what each index finds."""
    _put(image, file)
    return _dump_of(file)


def _dump_of(file: Path) -> dict[str, bytes]:
    with closing(sqlite3.connect(file)) as opened:
        tables = opened.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        found = {"sqlite_master": _digest(iter(tables))}
        for name, sql in tables:
            if sql and sql.startswith("CREATE TABLE"):
                found[name] = _digest(opened.execute(f'SELECT * FROM "{name}"'))
        found["(indexes)"] = _digest(opened.execute("PRAGMA integrity_check"))
    return found


def _digest(rows: Iterator[Any]) -> bytes:
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(repr(row).encode())
    return digest.digest()


def _put(image: bytes, file: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.write_bytes(image)
