"""Rows of a read one portion at a time, so that memory stays the same however large a table grows.

Owns how either database is asked for that, and nothing of what is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from typing import Any, Final

import peewee

from hub.db import is_postgresql

ROWS_AT_ONCE: Final = 500
_numbers: Final = count()


def stream(
    database: peewee.Database, sql: str, params: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows of a read with `?` marks. Only inside of `hub.db.reading`: they are of its moment.

    SQLite reads on as it is asked. PostgreSQL's client takes everything at once unless the server
    keeps the cursor, which lives as long as its transaction.
    """
    connection = database.connection()  # type: ignore[no-untyped-call]
    if is_postgresql(database):
        cursor, sql = connection.cursor(name=_name()), sql.replace("%", "%%").replace("?", "%s")
    else:
        cursor = connection.cursor()
    with closing(cursor):
        cursor.execute(sql, params)
        while portion := cursor.fetchmany(ROWS_AT_ONCE):
            yield from portion


def _name() -> str:
    """Several may be open at once, in one transaction."""
    return f"binlight_{next(_numbers)}"
