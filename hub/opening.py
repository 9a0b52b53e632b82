"""How a database is opened: which one an address means, and what SQLite is told at the start.

What is read and written then is `hub.db`'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import peewee

from hub.db import is_postgresql, proxy
from hub.disk_watch import WatchedSqlite
from hub.errors import BadValue, DiskFailed
from hub.identity.private_files import make_lasting_folder, rewrite, sync_folder

BUSY_TIMEOUT_MS: Final = 5_000
WAL_PAGES: Final = 4_000
"""Pages of 4 kB in SQLite's log before they are carried into the database. With twice as many a
tenth less is written, which wears memory cards, but whoever commits then waits twice as long."""

# Asked how to bind bytes, sqlite3 looks in vain for two methods that would say it, and makes and
# drops an error for each: a twelfth of all the work of an event [M]. This answers: as they are.
sqlite3.register_adapter(bytes, bytes.__bytes__)


def open_database(url: str) -> peewee.Database:
    """Open `sqlite:///path`, `sqlite://` (memory) or `postgresql://user@host/name`.

    Binds the models of this process to it. Raises BadValue for other schemes.
    """
    database = open_beside(url)
    proxy.initialize(database)
    return database


def open_beside(url: str) -> peewee.Database:
    """As `open_database`, for reading beside the one that the models are bound to."""
    scheme = urlsplit(url).scheme
    database: peewee.Database
    if scheme == "sqlite":
        database = _open_sqlite(url)
    elif scheme in ("postgresql", "postgres"):
        database = peewee.PostgresqlDatabase(url, prefer_psycopg3=True, autoconnect=True)
    else:
        raise BadValue("database", url, "use sqlite:///FILE or postgresql://USER@HOST/NAME")
    return database


def open_scratch(file: Path) -> peewee.Database:
    """An SQLite database that nobody will miss: quick, and gone after a power cut. Not bound."""
    database = _open_sqlite(f"sqlite:///{file}")
    database.execute_sql("PRAGMA synchronous = OFF")  # type: ignore[no-untyped-call]
    return database


@contextmanager
def bound_to(database: peewee.Database) -> Iterator[None]:
    """Let the models of this process mean this database while inside."""
    before = proxy.obj
    proxy.initialize(database)
    try:
        yield
    finally:
        proxy.initialize(before)


def _open_sqlite(url: str) -> peewee.SqliteDatabase:
    path = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else ":memory:"
    if path != ":memory:":
        make_lasting_folder(Path(path).parent)
        _make_private(Path(path))
    pragmas = {
        "journal_mode": "wal",
        "synchronous": "full",
        "foreign_keys": 0,
        "busy_timeout": BUSY_TIMEOUT_MS,
        "cache_size": -16_000,
        "wal_autocheckpoint": WAL_PAGES,
    }
    return WatchedSqlite(path, pragmas=pragmas, cached_statements=512)


def _make_private(file: Path) -> None:
    """A new database is for its owner alone; SQLite gives its log and its index the same rights."""
    if not file.exists():
        file.touch(mode=0o600)


def write_log_anew(database: peewee.Database) -> None:
    """At the start of a process that writes: write the bytes of SQLite's log once more, and flush.

    What is read back after a failed flush may be in memory alone, and no later flush writes it:
    transactions committed behind it would go with it (docs/decisions/0023-crash-images.md). The
    log's name is flushed too, since SQLite does not ask whether that went well. Other writers wait
    meanwhile. Raises DiskFailed.
    """
    if is_postgresql(database) or database.database == ":memory:":
        return
    try:
        with database.atomic("IMMEDIATE"):
            rewrite(Path(f"{database.database}-wal"))
            sync_folder(Path(database.database).parent)
    except OSError as wrong:
        raise DiskFailed(f"The database cannot be written: {wrong}") from wrong
