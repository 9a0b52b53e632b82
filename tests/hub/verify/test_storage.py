"""What verify sees below the ledgers: an index that lies, text that is none, a wrong row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import peewee
import pytest

from hub.db import proxy
from hub.verify import storage
from hub.verify.command import verify
from simulators.virtual.shift import Shift, ShiftPlan

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a small shift."""
    folder = tmp_path_factory.mktemp("shift")
    shift = Shift(ShiftPlan(seed=7, orders=3, pickers=1), folder)
    shift.run()
    with closing(sqlite3.connect(folder / "hub.db")) as target:
        shift.journal.database.connection().backup(target)
    shift.journal.database.close()
    return folder / "hub.db"


@pytest.fixture
def found(whole: Path, tmp_path: Path) -> Iterator[Callable[[Tamper], list[str]]]:
    """What verify finds after somebody has tampered with a copy."""
    before = proxy.obj

    def look(tamper: Tamper) -> list[str]:
        file = tmp_path / "hub.db"
        file.write_bytes(whole.read_bytes())
        with closing(sqlite3.connect(file, isolation_level=None)) as opened:
            tamper(opened)
        database = peewee.SqliteDatabase(str(file))
        try:
            return [f"{one.check}: {one.where}: {one.what}" for one in verify(database).findings]
        finally:
            database.close()

    yield look
    proxy.initialize(before)


def test_a_whole_file_has_nothing_to_find(found: Callable[[Tamper], list[str]]):
    assert found(lambda opened: None) == []


def test_an_index_without_one_of_its_rows_is_found(found: Callable[[Tamper], list[str]]):
    def lose_an_entry(opened: sqlite3.Connection) -> None:
        """A row that is written while the schema hides the index from SQLite."""
        opened.execute("PRAGMA writable_schema = ON")
        sql = "SELECT rowid, name, sql, tbl_name, rootpage FROM sqlite_master WHERE type = 'index' "
        row = opened.execute(sql + "AND tbl_name = 'item' AND sql IS NOT NULL").fetchone()
        opened.execute("DELETE FROM sqlite_master WHERE rowid = ?", (row[0],))
        opened.execute("PRAGMA writable_schema = RESET")
        opened.execute(
            "UPDATE item SET sku_key = sku_key || '~', sku = sku || '~', name = name || '~'"
        )
        opened.execute("PRAGMA writable_schema = ON")
        opened.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
            "VALUES ('index', ?, ?, ?, ?)",
            (row[1], row[3], row[4], row[2]),
        )

    assert any(text.startswith("storage: the database file") for text in found(lose_an_entry))


def test_text_that_is_no_text_any_more_is_found(found: Callable[[Tamper], list[str]]):
    texts = found(lambda db: db.execute("UPDATE item SET name = CAST(x'4c414e54c552' AS TEXT)"))
    assert any("table item" in text for text in texts)


@pytest.mark.parametrize(
    "change", ["type = 'PickDenied'", "at = at + 1", "digest = x'00000000000000000000000000000000'"]
)
def test_an_event_row_that_differs_from_its_payload_is_found(
    found: Callable[[Tamper], list[str]], change: str
):
    texts = found(
        lambda db: db.execute(f"UPDATE device_event SET {change} WHERE type = 'PickConfirmed'")
    )
    assert any(text.startswith("events: ") for text in texts)


def test_the_last_event_of_a_device_is_looked_at_in_portions_too(
    found: Callable[[Tamper], list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(storage, "ROWS_AT_ONCE", 2)
    assert found(lambda db: None) == []
    texts = found(
        lambda db: db.execute(
            "UPDATE device_event SET at = at + 1 WHERE (device, epoch, seq) IN "
            "(SELECT device, epoch, MAX(seq) FROM device_event WHERE seq > 4 GROUP BY 1, 2)"
        )
    )
    assert any("type or moment" in text for text in texts)


def test_a_place_under_another_code_is_found(found: Callable[[Tamper], list[str]]):
    texts = found(lambda db: db.execute("UPDATE place SET code = code || 'x' WHERE kind = 'TOTE'"))
    assert any(text.startswith("place: TOTE") for text in texts)


def test_a_check_that_falls_over_is_a_finding(found: Callable[[Tamper], list[str]]):
    texts = found(lambda db: db.execute("UPDATE journal SET position = 'first' WHERE position = 1"))
    assert texts
