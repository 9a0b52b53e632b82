"""After one failed write the outbox takes nothing more, until it is opened anew."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge.errors import OutboxUnusable
from edge.storage.kept_rows import read_outbox
from edge.storage.outbox import SqliteOutbox


@pytest.fixture
def full(tmp_path: Path) -> SqliteOutbox:
    """An outbox whose file may not grow any more: SQLite's own way to a full disk."""
    outbox = SqliteOutbox(tmp_path / "outbox.db", random.Random(1))
    outbox.append([b"first"], {}, 1)
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxUnusable, match="full"):
        outbox.append([b"x" * 50_000], {}, 2)
    return outbox


def test_what_would_fit_is_refused_as_well(full: SqliteOutbox):
    for act in (
        lambda: full.append([b"small"], {}, 3),
        lambda: full.note("fact", "kept"),
        lambda: full.mark_acked(full.epoch, 1),
        full.state,
    ):
        with pytest.raises(OutboxUnusable, match="full"):
            act()
    full.close()


def test_opened_anew_it_holds_what_was_promised_and_goes_on(full: SqliteOutbox, tmp_path: Path):
    full.close()
    again = SqliteOutbox(tmp_path / "outbox.db", random.Random(2))
    again.append([b"second"], {}, 3)
    again.close()
    kept = [(row.seq, row.payload) for row in read_outbox(tmp_path / "outbox.db")]
    assert kept == [(1, b"first"), (2, b"second")]


def test_a_log_that_a_killed_agent_left_is_written_anew(tmp_path: Path):
    """What was read back may be in memory alone: docs/decisions/0023-crash-images.md."""
    outbox = SqliteOutbox(tmp_path / "outbox.db", random.Random(1))
    outbox.append([b"first"], {"screen": b"A"}, 1)
    for name in ("outbox.db", "outbox.db-wal"):
        (tmp_path / f"copy-{name}").write_bytes((tmp_path / name).read_bytes())
    outbox.close()
    (tmp_path / "copy-outbox.db").rename(tmp_path / "left.db")
    (tmp_path / "copy-outbox.db-wal").rename(tmp_path / "left.db-wal")
    again = SqliteOutbox(tmp_path / "left.db", random.Random(2))
    assert again.state() == {"screen": b"A"}
    assert [row.payload for row in read_outbox(tmp_path / "left.db")] == [b"first"]
    again.close()
