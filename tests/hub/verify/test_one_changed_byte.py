"""`binlight verify` finds one changed byte in any column of a ledger, journal or balance row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee
import pytest

from hub.db import Table, fetch
from hub.inventory.models import Balance, Movement
from hub.inventory.posting import post, real, virtual
from hub.journal import JournalRow, LedgerHead
from hub.orders.models import LineMove
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub

PROVEN: dict[str, type[Table]] = {
    model._meta.table_name: model for model in (JournalRow, Movement, LineMove, Balance, LedgerHead)
}
COLUMNS = [
    (table, field.column_name)
    for table, model in PROVEN.items()
    for field in model._meta.sorted_fields
]


@pytest.fixture
def books(sqlite_hub: TestHub) -> TestHub:
    """A few real movements, and an order whose line went a few stages."""
    hub = sqlite_hub
    builders.stock(hub, "A-01-01-1", "LANTERN", 10)
    builders.stock(hub, "A-01-02-1", "HEART", 4)
    builders.order(hub, {"LANTERN": 2, "HEART": 1})
    goods = builders.goods(hub, "LANTERN")
    with hub.act() as act:
        post(act, goods, 2, real("w1", "BIN", "A-01-01-1"), virtual("w1", "SCRAP"), "broken")
    report = verify(hub.database)
    assert report.ok, report.findings
    return hub


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_one_changed_byte_is_found_and_located(books: TestHub, table: str, column: str) -> None:
    key = [field.column_name for field in PROVEN[table]._meta.get_primary_keys()]
    names = ", ".join(key)
    rows = fetch(books.database, f'SELECT "{column}", {names} FROM "{table}" ORDER BY {names}')
    assert rows
    for value, *keys in (rows[0], rows[-1]):
        with _undone(books.database):
            where = " AND ".join(f"{name} = ?" for name in key)
            books.database.execute_sql(
                f'UPDATE "{table}" SET "{column}" = ? WHERE {where}', (_changed(value), *keys)
            )
            report = verify(books.database)
            assert not report.ok, f"{table}.{column} of {keys}: {value!r} was changed unseen"
            assert report.findings[0].where
    assert verify(books.database).ok


@pytest.mark.parametrize("table", ["journal", "movement", "line_move"])
def test_a_cut_tail_is_found(books: TestHub, table: str) -> None:
    with _undone(books.database):
        books.database.execute_sql(
            f"DELETE FROM {table} WHERE position = (SELECT MAX(position) FROM {table})"
        )
        assert not verify(books.database).ok


@contextmanager
def _undone(database: peewee.Database) -> Iterator[None]:
    database.execute_sql("PRAGMA ignore_check_constraints = 1")
    with database.atomic() as change:
        yield
        change.rollback()


def _changed(value: Any) -> Any:
    """The value with one bit of one byte turned."""
    match value:
        case None:
            return 1
        case int():
            return value ^ 64
        case str():
            return "x" if not value else chr(ord(value[0]) ^ 1) + value[1:]
        case _:
            raw = bytes(value)
            return bytes([raw[0] ^ 1]) + raw[1:] if raw else b"x"
