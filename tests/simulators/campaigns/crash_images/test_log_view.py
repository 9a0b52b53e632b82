"""What the bytes of a log say is what SQLite shows, wherever the log was cut, torn or damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.campaigns.crash_images.log_view import NO_LOG, LogReader
from simulators.campaigns.crash_images.saying import pages_of

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


def opened(files: dict[str, bytes], folder: Path) -> sqlite3.Connection:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sqlite3.connect(folder / "x.db")


def rows_shown(files: dict[str, bytes], folder: Path) -> int:
    with closing(opened(files, folder)) as db:
        return int(db.execute("SELECT COUNT(*) FROM row").fetchone()[0])


def pages_shown(files: dict[str, bytes], folder: Path) -> bytes:
    with closing(opened(files, folder)) as db:
        return pages_of(db)


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


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=4), damaged=st.none() | st.floats(0, 0.9)
)
def test_the_pages_told_by_the_bytes_are_those_that_sqlite_shows(
    left: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory,
    cuts: list[float], damaged: float | None,
):  # fmt: skip
    """One reader for several logs, as in a campaign: each shares its beginning with the last."""
    log = bytearray(left["x.db-wal"])
    if damaged is not None:
        log[int(damaged * len(log))] ^= 0x10
    reader = LogReader()
    for cut in cuts:
        files = {"x.db": left["x.db"], "x.db-wal": bytes(log[: round(cut * len(log))])}
        assert reader.shown(files, "x.db") == pages_shown(files, tmp_path_factory.mktemp("told"))


def test_a_page_that_the_log_holds_anew_may_hold_anything_in_the_file(
    left: dict[str, bytes], tmp_path: Path
):
    """A power cut in the middle of a checkpoint: the page is torn, and the log repairs it."""
    torn = left["x.db"][:100] + bytes(3_996) + left["x.db"][4_096:]
    files, reader = {**left, "x.db": torn}, LogReader()
    assert reader.view(files, "x.db") != reader.view(left, "x.db")
    assert reader.shown(files, "x.db") == reader.shown(left, "x.db")
    assert pages_shown(files, tmp_path) == reader.shown(left, "x.db")


def test_a_log_without_a_database_is_thrown_away(left: dict[str, bytes], tmp_path: Path):
    """What only a disk that lies can leave behind."""
    files = {**left, "x.db": b""}
    assert LogReader().shown(files, "x.db") == b"" == pages_shown(files, tmp_path)


def test_a_log_that_shrank_and_began_anew_is_read_from_its_beginning(left: dict[str, bytes]):
    """What one reader remembers of another log must not be found in this one."""
    log, reader = left["x.db-wal"], LogReader()
    assert reader.end(log) == LogReader().end(log)
    shorter = log[: 32 + 3 * FRAME_BYTES]
    other = bytearray(log)
    other[32 + 2 * FRAME_BYTES + 100] ^= 1
    for one in (shorter, bytes(other), log):
        assert reader.end(one) == LogReader().end(one)


@pytest.mark.parametrize("kept", [512, 4_096, 6_000])
def test_a_page_that_is_not_all_there_ends_in_zeros(kept: int, tmp_path: Path):
    """As SQLite reads it. The file says itself how many pages it has, so it must have only one."""
    with closing(sqlite3.connect(tmp_path / "made.db")) as db:
        db.execute("PRAGMA user_version = 7")
    files = {"x.db": (tmp_path / "made.db").read_bytes().ljust(8_192, b"\0")[:kept]}
    folder = tmp_path / "shown"
    folder.mkdir()
    assert LogReader().shown(files, "x.db") == pages_shown(files, folder)


@pytest.mark.parametrize("rows", [0, 40])
def test_a_database_without_a_log_is_as_long_as_its_header_says(rows: int, tmp_path: Path):
    """Behind its last page there may be what a cut has left over."""
    with closing(sqlite3.connect(tmp_path / "made.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE row (n)")
        db.executemany("INSERT INTO row VALUES (?)", [(bytes(900),)] * rows)
    content = (tmp_path / "made.db").read_bytes()
    files = {"x.db": content + bytes(4_096)}
    folder = tmp_path / "shown"
    folder.mkdir()
    assert LogReader().shown(files, "x.db") == content == pages_shown(files, folder)
