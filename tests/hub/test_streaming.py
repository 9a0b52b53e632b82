"""Long tables are read in portions: memory stays the same however many rows there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from hub.db import Insert, fetch, reading, writing
from hub.inventory.posting import place_id
from hub.personal import PersonalInput
from hub.replaying.compare import compare_all
from hub.streaming import ROWS_AT_ONCE, stream
from hub.verify.command import verify
from tests.hub.conftest import TestHub

FEW = 10 * ROWS_AT_ONCE
"""More than any cache keeps."""
PLACES = "SELECT code FROM place WHERE kind = ? ORDER BY code"
PLACE = "INSERT INTO place VALUES (?, ?, 'BIN', ?, 'ACTIVE', 0, 0, 0, 0, 0, 0, NULL)"


def fill(hub: TestHub, first: int, upto: int) -> None:
    """Places that are as they should be, and as many rows with some weight."""
    codes = [f"S-{n:06}" for n in range(first, upto)]
    with writing(hub.database, 0) as tx:
        tx.send(PLACE, [(place_id(hub.site, "BIN", code), hub.site, code) for code in codes])
        tx.send(
            Insert(PersonalInput).sql,
            [(hub.site, code, None, code.encode() * 30) for code in codes],
        )


def peak(work: Callable[[], None]) -> int:
    """The most that it held at once, in bytes: of three times the least, since whatever other
    threads of this process hold meanwhile is counted too.
    """
    return min(_held(work) for _ in range(3))


def _held(work: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_every_row_comes_once_and_in_order_also_beside_another_stream(hub: TestHub):
    many = 2 * ROWS_AT_ONCE + 1
    fill(hub, 0, many)
    with reading(hub.database):
        there, here = (stream(hub.database, PLACES, ("BIN",)) for _ in range(2))
        codes = [(one, other) for (one,), (other,) in zip(there, here, strict=True)]
    assert codes == [(f"S-{n:06}",) * 2 for n in range(many)]


@pytest.mark.postgres
def test_postgresql_keeps_what_nobody_has_asked_for_yet(postgres_hub: TestHub):
    """Else its client takes every row at once, where no Python tool sees the memory."""
    fill(postgres_hub, 0, 2 * ROWS_AT_ONCE)
    database = postgres_hub.database
    with reading(database):
        rows = stream(database, PLACES, ("BIN",))
        next(rows)
        assert fetch(database, "SELECT COUNT(*) FROM pg_cursors") == [(1,)]
        rows.close()
        assert fetch(database, "SELECT COUNT(*) FROM pg_cursors") == [(0,)]


def test_three_times_the_rows_need_no_more_memory_to_verify(hub: TestHub):
    def look() -> None:
        assert verify(hub.database).ok

    fill(hub, 0, FEW)
    few = peak(look)
    fill(hub, FEW, 3 * FEW)
    assert peak(look) < 1.3 * few


def test_ten_times_the_rows_need_no_more_memory_to_compare(hub: TestHub):
    def look() -> None:
        with reading(hub.database):
            assert not any(one.difference for one in compare_all(hub.database, hub.database))

    fill(hub, 0, 3 * ROWS_AT_ONCE)
    few = peak(look)
    fill(hub, 3 * ROWS_AT_ONCE, 30 * ROWS_AT_ONCE)
    assert peak(look) < 1.3 * few
