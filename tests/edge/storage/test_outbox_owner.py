"""Whose events an outbox holds, after the power went at a bad moment."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.storage.kept_rows import read_outbox
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_owner import Holding, look_into, open_outbox

FILE = "outbox.sqlite"


def after_a_cut(folder: Path, to: Path) -> Path:
    """The files as they are now, for a process that never saw the one before end."""
    to.mkdir()
    for path in folder.glob(f"{FILE}*"):
        shutil.copy(path, to / path.name)
    return to / FILE


def only_created(path: Path) -> None:
    path.touch()


def only_in_wal_mode(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")


def with_one_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")


@pytest.mark.parametrize("made", [only_created, only_in_wal_mode, with_one_table])
def test_an_outbox_that_was_cut_off_while_it_was_made_is_nobodys(tmp_path, made):
    path = tmp_path / FILE
    made(path)
    assert look_into(path) == Holding()


@pytest.mark.parametrize("made", [only_created, only_in_wal_mode])
def test_a_device_starts_with_an_outbox_that_was_cut_off_while_it_was_made(tmp_path, made):
    path = tmp_path / FILE
    made(path)
    outbox = open_outbox(path, "w1/h1", random.Random(1), 10)
    outbox.append([b"{}"], {}, 5)
    assert outbox.depth == 1
    outbox.close()


def test_an_outbox_is_set_aside_with_what_was_in_its_log_alone(tmp_path):
    folder = tmp_path / "first"
    folder.mkdir()
    before: SqliteOutbox = open_outbox(folder / FILE, "w1/h1", random.Random(1), 10)
    before.append([b'{"first":1}', b'{"second":2}'], {}, 5)
    before.mark_acked(before.epoch, 2)
    path = after_a_cut(folder, tmp_path / "second")
    before.close()
    open_outbox(path, "w1/h2", random.Random(2), 10).close()
    aside = path.with_name("outbox-w1-h1-0.sqlite")
    assert look_into(aside) == Holding("w1/h1", 0)
    assert [row.payload for row in read_outbox(aside)] == [b'{"first":1}', b'{"second":2}']
