"""The outbox's file is flushed with each act: only an acknowledgement may be forgotten by a cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge.errors import OutboxUnusable
from edge.storage.outbox_file import OutboxFile, opened_to_read

NORMAL, FULL = 1, 2
NOTE = "INSERT OR REPLACE INTO meta VALUES ('a', 'b')"


@pytest.fixture
def file(tmp_path: Path) -> OutboxFile:
    return OutboxFile(tmp_path / "outbox.sqlite")


def flushing(file: OutboxFile) -> int:
    return int(file.db.execute("PRAGMA synchronous").fetchone()[0])


def test_acts_are_flushed_before_and_after_something_that_need_not_be(file):
    assert flushing(file) == FULL
    with file.writing_unflushed():
        assert flushing(file) == NORMAL
        file.db.execute(NOTE)
    assert flushing(file) == FULL
    file.close()


def test_something_that_failed_leaves_no_act_unflushed(file):
    with pytest.raises(OutboxUnusable, match="no such table"), file.writing_unflushed():
        file.db.execute("DELETE FROM elsewhere")
    assert flushing(file) == FULL
    file.close()


def test_half_an_act_is_none(file, tmp_path):
    with pytest.raises(ZeroDivisionError), file.writing():
        file.db.execute(NOTE)
        raise ZeroDivisionError
    file.close()
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        assert db.execute("SELECT * FROM meta").fetchall() == []
    db.close()


def test_a_folder_of_any_name_can_be_looked_into_while_the_agent_runs(tmp_path):
    folder = tmp_path / "h#1 50% ?"
    folder.mkdir()
    file = OutboxFile(folder / "outbox.sqlite")
    with file.writing():
        file.db.execute(NOTE)
    with opened_to_read(folder / "outbox.sqlite") as db:
        assert db.execute("SELECT * FROM meta").fetchall() == [("a", "b")]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute(NOTE)
    file.close()


def test_what_is_not_there_or_no_outbox_is_named(tmp_path):
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 20)
    for name in ("none", "text"):
        with pytest.raises(OutboxUnusable, match=name), opened_to_read(tmp_path / name) as db:
            db.execute("SELECT * FROM meta")
