"""A disk that failed stops the gateway before it acknowledges; a rule that was broken does not."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from hub.device_gateway.storage_failures import is_storage_failure
from hub.errors import DiskFailed
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, ack


def sqlite_error(code: int) -> sqlite3.Error:
    wrong = sqlite3.OperationalError("as SQLite would say it")
    wrong.sqlite_errorcode = code
    return wrong


@pytest.mark.parametrize(
    "wrong",
    [
        sqlite_error(sqlite3.SQLITE_FULL),
        sqlite_error(sqlite3.SQLITE_IOERR | (4 << 8)),
        sqlite_error(sqlite3.SQLITE_READONLY),
        sqlite_error(sqlite3.SQLITE_CORRUPT),
        psycopg.OperationalError("the connection was closed"),
        psycopg.InterfaceError("the connection is closed"),
        psycopg.errors.DiskFull("no space"),
        psycopg.errors.SerializationFailure("try again"),
        psycopg.errors.ReadOnlySqlTransaction("a standby"),
        MemoryError(),
    ],
    ids=repr,
)
def test_the_disk_is_nobodys_event(wrong: Exception):
    assert is_storage_failure(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        sqlite_error(sqlite3.SQLITE_CONSTRAINT),
        sqlite_error(sqlite3.SQLITE_ERROR),
        psycopg.errors.UniqueViolation("twice"),
        psycopg.errors.NotNullViolation("empty"),
        psycopg.DataError("a NUL"),
        OverflowError("too large"),
        ValueError("no id"),
    ],
    ids=repr,
)
def test_a_broken_rule_is_the_events_own(wrong: Exception):
    assert not is_storage_failure(wrong)


def test_the_cause_behind_another_error_counts():
    with pytest.raises(ValueError, match="stored") as caught:
        try:
            raise sqlite_error(sqlite3.SQLITE_FULL)
        except sqlite3.Error as full:
            raise ValueError("could not be stored") from full
    assert is_storage_failure(caught.value)


@pytest.fixture
def small_disk(sqlite_hub: TestHub) -> Floor:
    """A database that may not grow any more: SQLite's own way to a full disk."""
    floor = Floor(sqlite_hub)
    floor.enrol("h1")
    pages = sqlite_hub.database.execute_sql("PRAGMA page_count").fetchone()[0]
    sqlite_hub.database.execute_sql(f"PRAGMA max_page_count = {pages + 2}")
    return floor


def test_a_full_disk_stops_the_gateway_and_nothing_is_acknowledged(small_disk: Floor):
    device = Device(small_disk)
    batch = [device.event(seq) for seq in range(1, 400)]
    with pytest.raises(DiskFailed):
        small_disk.hear(*batch)
    assert small_disk.events() == []
    small_disk.hub.database.close()  # the next connection has room again, as after a restart
    small_disk.core = small_disk.new_core()
    assert ack(small_disk.hear(*batch)).upto == 399
