"""What follows from the acts, table by table: the same rows in the real books and the replayed?

Owns which tables and columns no act decides: how devices are, what was sent when, who looks on.
Everything else is compared to the last column, so one bit that no act has changed shows as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any, Final, NamedTuple

import peewee

from hub.db import Table, is_postgresql, reading
from hub.streaming import stream
from hub.tables import TABLES

BESIDE: Final = frozenset(
    {
        "ledger_head", "journal", "movement", "line_move",  # compared after each act
        "device_epoch", "refused_message", "web_session", "log_mark", "security_event", "denial",
    }
)  # fmt: skip
"""Tables that are not compared: chains, what the gateway remembers of messages, open log-ins."""
ONLY: Final = {
    "device": (
        "site",
        "name",
        "kind",
        "state",
        "secret_hash",
        "person",
        "met_epoch",
        "roots_day",
        "created_at",
    ),
    "person": (
        "id", "company", "name", "badge", "pin_verifier", "pin_set_at", "pin_set_by", "login",
        "password_hash", "must_change", "password_until", "language", "is_active", "created_at",
    ),
    "outbox_message": (
        "id", "site", "device", "type", "payload", "created_at", "subject", "state", "answered_at",
        "answer_code",
    ),
}  # fmt: skip
"""Tables of which only these columns follow from acts."""
ANSWERED: Final = ("state", "answered_at", "answer_code")
"""Of a message: follow from acts once its answer was one. What was sent and given up does not, nor
an answer whose act was refused."""
_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


Rows = Iterator[tuple[Any, ...]]


class Compared(NamedTuple):
    """One table: its rows that are the same, and the first that is not."""

    table: str
    rows: int
    difference: str = ""


def compare_all(real: peewee.Database, made: peewee.Database) -> Iterator[Compared]:
    """Every table that acts decide, and what the tables themselves are."""
    with reading(made):
        yield from chain(_compare_schema(real, made), _compare_tables(real, made))


def _compare_schema(real: peewee.Database, made: peewee.Database) -> Iterator[Compared]:
    """How SQLite reads a file's pages: a bit in there makes a column of another kind."""
    if not is_postgresql(real) and not is_postgresql(made):
        columns = ("type", "name", "tbl_name", "sql")
        yield _same("sqlite_master", columns, stream(real, _SCHEMA), stream(made, _SCHEMA))


def _compare_tables(real: peewee.Database, made: peewee.Database) -> Iterator[Compared]:
    for model in TABLES:
        name, columns = model._meta.table_name, _columns(model)  # noqa: SLF001 - peewee keeps it
        if name not in BESIDE:
            yield _same(name, columns, _rows(real, model, columns), _rows(made, model, columns))


def _same(name: str, columns: tuple[str, ...], real: Rows, made: Rows) -> Compared:
    count = 0
    for there, here in zip_longest(real, made):
        if there != here:
            return Compared(name, count, _told(name, columns, there, here))
        count += 1
    return Compared(name, count)


def _columns(model: type[Table]) -> tuple[str, ...]:
    meta = model._meta  # noqa: SLF001 - as above
    every = tuple(field.column_name for field in meta.sorted_fields)
    return ONLY.get(meta.table_name, every)


def _rows(database: peewee.Database, model: type[Table], columns: tuple[str, ...]) -> Rows:
    """In the order of the key's bytes, on either database."""
    meta = model._meta  # noqa: SLF001 - as above
    keys = meta.get_primary_keys()  # type: ignore[no-untyped-call]
    named = ", ".join(_selected(database, meta.table_name, name) for name in columns)
    order = ", ".join(_by_bytes(database, key) for key in keys)
    sql = f'SELECT {named} FROM "{meta.table_name}" ORDER BY {order}'
    return (tuple(map(_plain, row)) for row in stream(database, sql))


def _selected(database: peewee.Database, table: str, column: str) -> str:
    if table != "outbox_message" or column not in ANSWERED:
        return f'"{column}"'
    id = "encode(id, 'hex')" if is_postgresql(database) else "lower(hex(id))"
    return (
        "CASE WHEN EXISTS (SELECT 1 FROM journal WHERE journal.site = outbox_message.site "
        f"AND journal.key = 'answer/' || {id}) THEN {column} END"
    )


def _by_bytes(database: peewee.Database, key: peewee.Field) -> str:
    is_text = isinstance(key, peewee.TextField) and is_postgresql(database)
    return f'"{key.column_name}"' + (' COLLATE "C"' if is_text else "")


def _plain(value: Any) -> Any:
    """The same value from either database."""
    if isinstance(value, bool):
        return int(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _told(
    name: str, columns: tuple[str, ...], there: tuple[Any, ...] | None, here: tuple[Any, ...] | None
) -> str:
    """In words: which row, and which of its columns."""
    if there is None or here is None:
        row, what = (here, "is new") if there is None else (there, "is missing")
        return f"{name}: the row {' '.join(map(_shown, (row or ())[:3]))} {what}"
    differs = ", ".join(
        f"{column} {_shown(was)} became {_shown(is_now)}"
        for column, was, is_now in zip(columns, there, here, strict=True)
        if was != is_now
    )
    return f"{name} {_shown(there[0])}: {differs}"


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
