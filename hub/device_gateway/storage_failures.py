"""Whether an error means that the database itself cannot go on. Owns that one distinction.

An event that breaks a rule of the database is a poison event and is PARKED; a disk that failed or
filled up, or memory that ran out, is nobody's event: the process must stop, start again and read
what is really there.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import peewee

from hub.db import is_clash

_SQLITE_STORAGE: Final = frozenset({5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26})
"""BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB:
https://www.sqlite.org/rescode.html"""
_POSTGRES_STORAGE: Final = ("08", "25006", "40", "53", "55", "57", "58", "XX")
"""SQLSTATE: connection, read-only, rollback, resources, not ready, operator, system, internal."""


def is_storage_failure(wrong: BaseException) -> bool:
    """True when the transaction as a whole cannot go on; also for clashes, which are retried."""
    seen: BaseException | None = wrong
    while seen is not None:
        if isinstance(seen, MemoryError) or _is_sqlite_storage(seen) or _is_postgres_storage(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return is_clash(wrong)


def _is_sqlite_storage(wrong: BaseException) -> bool:
    code = getattr(wrong, "sqlite_errorcode", None)
    return isinstance(wrong, sqlite3.Error) and code is not None and code & 0xFF in _SQLITE_STORAGE


def _is_postgres_storage(wrong: BaseException) -> bool:
    """Told by name and SQLSTATE, so that a hub on SQLite need not load PostgreSQL's driver."""
    if isinstance(wrong, peewee.InterfaceError):
        return True
    kinds = {kind.__name__ for kind in type(wrong).__mro__ if kind.__module__ == "psycopg"}
    if "InterfaceError" in kinds:
        return True
    if "Error" not in kinds:
        return False
    state = getattr(wrong, "sqlstate", None)
    if state is None:  # the connection went away, and nobody could say more
        return "OperationalError" in kinds
    return str(state).startswith(_POSTGRES_STORAGE)
