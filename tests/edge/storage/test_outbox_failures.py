"""After one failed write the outbox takes nothing more, until it is opened anew."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge.errors import OutboxUnusable
from edge.storage.kept_rows import read_outbox
from edge.storage.outbox import SqliteOutbox
from tests.edge.full_card import full_card


@pytest.fixture
def failed(tmp_path: Path) -> SqliteOutbox:
    """An outbox that could not write once; by now there would be room again."""
    outbox = SqliteOutbox(tmp_path / "outbox.db", random.Random(1))
    outbox.append([b"first"], {}, 1)
    with full_card(), pytest.raises(OutboxUnusable, match="disk I/O"):
        outbox.append([b"lost"], {}, 2)
    return outbox


def test_what_would_fit_is_refused_as_well(failed: SqliteOutbox):
    for act in (
        lambda: failed.append([b"small"], {}, 3),
        lambda: failed.note("fact", "kept"),
        lambda: failed.mark_acked(failed.epoch, 1),
        failed.state,
    ):
        with pytest.raises(OutboxUnusable, match="disk I/O"):
            act()
    failed.close()


def test_opened_anew_it_holds_what_was_promised_and_goes_on(failed: SqliteOutbox, tmp_path: Path):
    failed.close()
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
