"""What the bytes of a log say is what SQLite shows, wherever the log was cut, torn or damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.campaigns.crash_images.log_view import NO_LOG, LogReader

COMMITS = 12
FRAME_BYTES = 24 + 4_096


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A database and its log, as a killed process leaves them: one commit for each row."""
    path = tmp_path_factory.mktemp("log") / "x.db"
    db = sqlite3.connect(path, isolation_level=None)
    for sql in ("PRAGMA journal_mode = wal", "CREATE TABLE row (n, text)",
                "PRAGMA wal_checkpoint(TRUNCATE)"):  # fmt: skip
        db.execute(sql)
    for n in range(COMMITS):
        db.execute("INSERT INTO row VALUES (?, ?)", (n, bytes(3_000)))
    files = {path.name: path.read_bytes(), "x.db-wal": Path(f"{path}-wal").read_bytes()}
    db.close()
    return files


def rows_shown(files: dict[str, bytes], folder: Path) -> int:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    db = sqlite3.connect(folder / "x.db")
    (count,) = db.execute("SELECT COUNT(*) FROM row").fetchone()
    db.close()
    return int(count)


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0, 1), damaged=st.none() | st.floats(0, 0.999), filler=st.binary(max_size=40))
def test_equal_views_show_equal_rows(
    left: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory,
    cut: float, damaged: float | None, filler: bytes,
):  # fmt: skip
    log = bytearray(left["x.db-wal"])
    if damaged is not None:
        log[int(damaged * len(log))] ^= 0x10
    files = {"x.db": left["x.db"], "x.db-wal": bytes(log[: round(cut * len(log))]) + filler}
    whole = {**left, "x.db-wal": whole_commits(left["x.db-wal"], files["x.db-wal"])}
    reader, folder = LogReader(), tmp_path_factory.mktemp("shown")
    assert reader.view(files, "x.db") == reader.view(whole, "x.db")
    assert rows_shown(files, folder) == rows_shown(whole, tmp_path_factory.mktemp("whole"))


def whole_commits(original: bytes, log: bytes) -> bytes:
    """The longest beginning of the original, in whole commits, that the log still has."""
    shorter = min(len(original), len(log))
    same = next((n for n in range(shorter) if original[n] != log[n]), shorter)
    frames = (same - 32) // FRAME_BYTES if same >= 32 else -1
    if frames < 0:
        return b""
    ends = [n for n in range(frames + 1) if n == 0 or ends_a_commit(original, n)]
    return original[: 32 + ends[-1] * FRAME_BYTES]


def ends_a_commit(log: bytes, frames: int) -> bool:
    at = 32 + (frames - 1) * FRAME_BYTES
    return log[at + 4 : at + 8] != bytes(4)


def test_the_log_is_read_up_to_its_last_commit(left: dict[str, bytes]):
    end = LogReader().end(left["x.db-wal"])
    assert end.frames == (len(left["x.db-wal"]) - 32) // FRAME_BYTES >= COMMITS


def test_a_log_of_before_a_reset_does_not_count(left: dict[str, bytes]):
    """Frames with other salts were written before the log began anew."""
    log = bytearray(left["x.db-wal"])
    log[32 + 8] ^= 1
    assert LogReader().end(bytes(log)).frames == 0


@pytest.mark.parametrize("log", [b"", b"x" * 31, bytes(4_200)], ids=["none", "short", "zeros"])
def test_what_is_no_log_is_none(log: bytes):
    assert LogReader().end(log) == NO_LOG


def test_a_journal_that_waits_is_nothing_that_bytes_could_tell(left: dict[str, bytes]):
    assert LogReader().view({**left, "x.db-journal": b"x"}, "x.db") is None
