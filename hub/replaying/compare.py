"""What follows from the acts, table by table: the same rows in the real books and the replayed?

Owns which tables and columns no act decides: how devices are, what was sent when, who looks on.
Everything else is compared to the last column, so one bit that no act has changed shows as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final, NamedTuple

import peewee

from hub.db import Table, is_postgresql
from hub.tables import TABLES

ROWS_AT_ONCE: Final = 1_000
BESIDE: Final = frozenset(
    {
        "ledger_head", "journal", "movement", "line_move",  # compared after each act
        "device_epoch", "refused_message", "web_session", "log_mark", "security_event",
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
    "outbox_message": ("id", "site", "device", "type", "payload", "created_at", "subject"),
}
"""Tables of which only these columns follow from acts."""


class Compared(NamedTuple):
    """One table: its rows that are the same, and the first that is not."""

    table: str
    rows: int
    difference: str = ""


def compare_all(real: peewee.Database, made: peewee.Database) -> Iterator[Compared]:
    """Every table that acts decide."""
    for model in TABLES:
        if model._meta.table_name not in BESIDE:  # noqa: SLF001 - peewee keeps it there
            yield _compare(real, made, model)


def _compare(real: peewee.Database, made: peewee.Database, model: type[Table]) -> Compared:
    name, columns, count = model._meta.table_name, _columns(model), 0  # noqa: SLF001 - as above
    for there, here in zip_longest(_rows(real, model, columns), _rows(made, model, columns)):
        if there != here:
            return Compared(name, count, _told(name, columns, there, here))
        count += 1
    return Compared(name, count)


def _columns(model: type[Table]) -> tuple[str, ...]:
    meta = model._meta  # noqa: SLF001 - as above
    every = tuple(field.column_name for field in meta.sorted_fields)
    return ONLY.get(meta.table_name, every)


def _rows(
    database: peewee.Database, model: type[Table], columns: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    """In the order of the key's bytes, on either database."""
    meta = model._meta  # noqa: SLF001 - as above
    keys = meta.get_primary_keys()  # type: ignore[no-untyped-call]
    named = ", ".join(f'"{name}"' for name in columns)
    order = ", ".join(_by_bytes(database, key) for key in keys)
    cursor = database.connection().cursor()  # type: ignore[no-untyped-call]
    cursor.execute(f'SELECT {named} FROM "{meta.table_name}" ORDER BY {order}')
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield from (tuple(map(_plain, row)) for row in rows)


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
