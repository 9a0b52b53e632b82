"""A disk that failed is told apart from all else that a database may say, and told at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import peewee
import pytest

from hub import disk_watch
from hub.db import writing
from hub.disk_watch import is_disk_failure
from hub.opening import open_beside
from tests.hub.conftest import TestHub

PAGE_BYTES = 4_096


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What the listeners of this process hear."""
    heard: list[BaseException] = []
    monkeypatch.setattr(disk_watch, "_listeners", [])
    disk_watch.tell_when_disk_fails(heard.append)
    return heard


def database_of(path: Path, pages: int = 40) -> peewee.Database:
    """A file with one table over so many pages, closed and opened again."""
    database = open_beside(f"sqlite:///{path}")
    database.execute_sql("CREATE TABLE kept (n INTEGER, text BLOB)")
    for n in range(pages):
        database.execute_sql("INSERT INTO kept VALUES (?, ?)", (n, bytes(PAGE_BYTES)))
    database.close()
    return open_beside(f"sqlite:///{path}")


def damage(path: Path) -> None:
    """Its second page, where the table begins."""
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)


def test_pages_that_cannot_be_read_any_more_are_told(tmp_path: Path, told: list[BaseException]):
    database = database_of(tmp_path / "books.db")
    damage(tmp_path / "books.db")
    with pytest.raises(peewee.DatabaseError, match="malformed") as wrong:
        database.execute_sql("SELECT COUNT(*) FROM kept")
    assert told == [wrong.value]
    database.close()


def test_a_transaction_that_meets_them_is_told_too(tmp_path: Path, told: list[BaseException]):
    database = database_of(tmp_path / "books.db")
    damage(tmp_path / "books.db")
    with pytest.raises(Exception, match="malformed"), writing(database, 1) as tx:
        tx.run("UPDATE kept SET n = n + 1 WHERE text > x'00'")
    assert told
    assert all(map(is_disk_failure, told))
    database.close()


def test_a_full_disk_is_no_failure_since_nothing_flushed_is_lost(
    tmp_path: Path, told: list[BaseException]
):
    database = database_of(tmp_path / "books.db")
    database.execute_sql("PRAGMA max_page_count = 1")
    with pytest.raises(peewee.OperationalError), writing(database, 1) as tx:
        with pytest.raises(sqlite3.OperationalError, match="full") as wrong:
            for n in range(40):
                tx.run("INSERT INTO kept VALUES (?, ?)", (n, bytes(PAGE_BYTES)))
        raise wrong.value
    assert told == []
    database.close()


def test_a_broken_rule_or_a_wrong_statement_is_nobody_elses_business(
    hub: TestHub, told: list[BaseException]
):
    with pytest.raises(peewee.DatabaseError), hub.database.atomic():
        hub.database.execute_sql("SELECT * FROM no_such_table")
    with pytest.raises(peewee.IntegrityError), hub.database.atomic():
        hub.database.execute_sql("INSERT INTO ledger_head (site) VALUES ('w1')")
    assert told == []
