"""Whether the disk failed under the database. Owns that one question, and whom it is told to.

After a failed flush nobody knows what is on the disk: what SQLite, the kernel and this process
hold in memory may be there alone. A process that goes on would promise on top of that. So every
part of a hub ends at once and is started again; the next one reads what is really there, and
writes the log anew before anything else (docs/decisions/0023-crash-images.md, 0030).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import peewee

FAILED: Final = frozenset({10, 11, 26})
"""IOERR, CORRUPT, NOTADB (https://www.sqlite.org/rescode.html). A full disk is not among them: it
loses nothing that was flushed, and people need the pages that say so.
"""
Listener = Callable[[BaseException], object]
_listeners: Final[list[Listener]] = []


def tell_when_disk_fails(listener: Listener) -> None:
    """Have it called for each failure, in the thread that met it, before anybody else hears."""
    _listeners.append(listener)


def is_disk_failure(wrong: BaseException) -> bool:
    """Whether SQLite could not read or write its files, and not merely found them busy or full."""
    seen: BaseException | None = wrong
    while seen is not None:
        code = getattr(seen, "sqlite_errorcode", None)
        if isinstance(seen, sqlite3.Error) and code is not None and code & 0xFF in FAILED:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@contextmanager
def watching() -> Iterator[None]:
    """Tell the listeners of a failure inside; it is raised in any case."""
    try:
        yield
    except Exception as wrong:
        if is_disk_failure(wrong):
            for listener in _listeners:
                listener(wrong)
        raise


class WatchedSqlite(peewee.SqliteDatabase):
    """Watches what is carried out by peewee; `hub.db.writing` watches the rest."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        with watching():
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def commit(self) -> None:
        with watching():
            super().commit()
