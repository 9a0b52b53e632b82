"""Calls as operations on a disk: which count, and which file they mean."""

from __future__ import annotations

import pytest

from simulators.campaigns.crash_images.calls import Argument, Call, OpenFile
from simulators.campaigns.crash_images.operations import (
    Enter,
    Flush,
    FlushFolder,
    MakeFolder,
    Move,
    Operation,
    Reader,
    Remove,
    Resize,
    Said,
    Unmodelled,
    Write,
)


def call(name: str, *arguments: Argument, result: int = 0, path: str = "", error: str = "") -> Call:
    return Call(7, name, arguments, result, path, error)


def opened(path: str, flags: str = "O_RDWR|O_CREAT", fd: int = 3) -> Call:
    return call("openat", "AT_FDCWD", path.encode(), flags, "0644", result=fd, path=path)


def fd(path: str, number: int = 3, *, is_deleted: bool = False) -> OpenFile:
    return OpenFile(str(number), path, is_deleted)


def read(*calls: Call, files: dict[str, bytes] | None = None) -> list[Operation]:
    return list(Reader("/d", "/said", files or {}).read(calls))


def written(path: str, content: bytes, number: int = 3) -> Call:
    return call("write", fd(path, number), content, str(len(content)), result=len(content))


def test_a_new_file_of_an_old_name_is_another_file():
    found = read(
        opened("/d/log"), call("unlink", b"/d/log"), opened("/d/log"),
        call("pwrite64", fd("/d/log"), b"new", "3", "0", result=3),
    )  # fmt: skip
    assert found == [Enter("log", 0), Remove("log"), Enter("log", 1), Write(1, 0, b"new")]


def test_writes_follow_each_other_and_a_seek_moves_them():
    found = read(
        opened("/d/a"), written("/d/a", b"one"), written("/d/a", b"two"),
        call("lseek", fd("/d/a"), "1", "SEEK_SET", result=1), written("/d/a", b"x"),
    )  # fmt: skip
    assert found[1:] == [Write(0, 0, b"one"), Write(0, 3, b"two"), Write(0, 1, b"x")]


def test_appending_goes_on_behind_what_was_there():
    found = read(opened("/d/a", "O_WRONLY|O_APPEND"), written("/d/a", b"+"), files={"a": b"123"})
    assert found == [Write(0, 3, b"+")]


def test_only_what_the_kernel_took_was_written():
    found = read(opened("/d/a"), call("write", fd("/d/a"), b"whole", "5", result=2))
    assert found[1:] == [Write(0, 0, b"wh")]


def test_opening_to_overwrite_empties_the_file():
    assert read(opened("/d/a", "O_WRONLY|O_TRUNC"), files={"a": b"old"}) == [Resize(0, 0)]


def test_a_folder_is_flushed_through_a_descriptor_like_a_file():
    found = read(
        call("mkdir", b"/d/sub", "0700"), opened("/d/sub/a"),
        opened("/d/sub", "O_RDONLY", fd=4), call("fdatasync", fd("/d/sub", 4)),
        call("fsync", fd("/d", 5)), call("fsync", fd("/d/sub/a")),
    )  # fmt: skip
    assert found == [
        MakeFolder("sub"), Enter("sub/a", 0), FlushFolder("sub"), FlushFolder(""), Flush(0, True),
    ]  # fmt: skip


def test_a_flush_that_failed_is_kept_as_that():
    found = read(opened("/d/a"), call("fdatasync", fd("/d/a"), result=-1, error="EIO"))
    assert found[1:] == [Flush(0, False)]


def test_a_rename_takes_the_place_of_the_old_file():
    found = read(
        opened("/d/a.new"), call("rename", b"/d/a.new", b"/d/a"),
        call("pwrite64", fd("/d/a"), b"x", "1", "0", result=1), files={"a": b"old"},
    )  # fmt: skip
    assert found == [Enter("a.new", 1), Move("a.new", "a"), Write(1, 0, b"x")]


def test_what_is_said_is_in_its_place_among_the_writes():
    found = read(opened("/d/a"), call("write", fd("/said", 9), b'{"n": 1}', "8", result=8))
    assert found[1:] == [Said({"n": 1})]


def test_other_folders_shared_memory_and_removed_files_do_not_count():
    assert read(
        opened("/etc/passwd"), written("/etc/passwd", b"x"), opened("/d/x.db-shm"),
        written("/d/x.db-shm", b"x"), opened("/dx/a"), written("/dx/a", b"x"),
        call("write", fd("/d/gone", is_deleted=True), b"x", "1", result=1),
    ) == []  # fmt: skip


def test_calls_that_failed_changed_nothing():
    assert read(
        call("openat", "AT_FDCWD", b"/d/a", "O_RDWR", "0", result=-1, error="ENOENT"),
        call("unlink", b"/d/a", result=-1, error="ENOENT"),
        call("mkdir", b"/d/sub", "0700", result=-1, error="EEXIST"),
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    "unknown",
    [
        call("fallocate", fd("/d/a"), "0", "0", "4096"),
        call("link", b"/d/a", b"/d/b"),
        call("rename", b"/d/unseen", b"/d/a"),
    ],
    ids=lambda unknown: unknown.name,
)
def test_a_change_that_is_not_modelled_stops_the_reading(unknown: Call):
    with pytest.raises(Unmodelled):
        read(opened("/d/a"), unknown)
