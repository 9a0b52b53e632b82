"""What a killed hub left in SQLite's log is on the disk before anything is written behind it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.db import fetch
from hub.errors import DiskFailed
from hub.opening import open_beside, write_log_anew
from tests.hub import builders
from tests.hub.conftest import TestHub


def left_by_a_kill(hub: TestHub, folder: Path) -> Path:
    """The database's files as they are while the process still has them open."""
    builders.stock(hub, "A-1", "LAMP", 7)
    path = Path(str(hub.database.database))
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", folder / f"left.db{ending}")
    return folder / "left.db"


def test_the_log_keeps_every_byte_and_every_row(sqlite_hub: TestHub, tmp_path: Path):
    left = left_by_a_kill(sqlite_hub, tmp_path)
    log = left.with_name("left.db-wal").read_bytes()
    assert log
    database = open_beside(f"sqlite:///{left}")
    write_log_anew(database)
    assert left.with_name("left.db-wal").read_bytes() == log
    assert fetch(database, "SELECT on_hand FROM balance WHERE is_real") == [(7,)]
    database.close()


def test_a_log_that_cannot_be_written_ends_the_start(
    sqlite_hub: TestHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    database = open_beside(f"sqlite:///{left_by_a_kill(sqlite_hub, tmp_path)}")

    def refuse(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(DiskFailed, match="Input/output error"):
        write_log_anew(database)
    database.close()


def test_on_postgresql_and_in_memory_there_is_nothing_to_do(hub: TestHub):
    write_log_anew(hub.database)
    place = builders.stock(hub, "A-1", "LAMP", 7)
    assert len(place) == 16, "and the books can be written as before"
    in_memory = open_beside("sqlite://")
    write_log_anew(in_memory)
    in_memory.close()
