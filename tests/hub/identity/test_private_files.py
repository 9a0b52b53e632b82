"""Private files: whole, durable, for their owner alone, and safe under several writers."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hub.identity import private_files
from hub.identity.private_files import make_private_folder, one_writer, write_private


def test_a_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path):
    path = tmp_path / "key"
    write_private(path, b"first")
    write_private(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_file_and_folder_are_synced_in_the_order_that_a_power_cut_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Content before the name, the name before the caller goes on."""
    did: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(fd: int) -> None:
        kind = "folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file"  # noqa: PTH112
        did.append(f"sync {kind}")
        fsync(fd)

    def noted_replace(self: Path, target: Path) -> Path:
        did.append("rename")
        return replace(self, target)

    monkeypatch.setattr(private_files.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_private(tmp_path / "key", b"x")
    assert did == ["sync file", "rename", "sync folder"]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "key"
    write_private(path, b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_many_writers_never_leave_a_mixture(tmp_path: Path):
    path = tmp_path / "list"
    contents = [bytes([65 + n]) * (10_000 + n) for n in range(8)]
    threads = [
        threading.Thread(target=lambda c=c: [write_private(path, c) for _ in range(20)])
        for c in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert len(list(tmp_path.iterdir())) == 1


def test_one_writer_at_a_time(tmp_path: Path):
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(50):
            with one_writer(tmp_path / "x.lock"):
                inside += 1
                most = max(most, inside)
                os.sched_yield()
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_private_folder_lets_nobody_else_in(tmp_path: Path):
    make_private_folder(tmp_path / "a")
    make_private_folder(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
