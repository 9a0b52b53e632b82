"""strace's lines as calls, as strace 6.1 writes them with `-f -y -xx`."""

from __future__ import annotations

import pytest

from simulators.campaigns.crash_images.calls import Call, CutShort, OpenFile, read_calls


def hexed(text: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text)


DB = hexed(b"/d/x.db")
OPEN_DB = OpenFile("3", "/d/x.db", False)


def call(line: str) -> Call:
    (found,) = read_calls([line + "\n"])
    return found


def test_a_write_at_an_offset():
    found = call(f'77 pwrite64(3<{DB}>, "{hexed(b", )<>")}", 5, 4096) = 5')
    assert found == Call(77, "pwrite64", (OPEN_DB, b", )<>", "5", "4096"), 5, "", "")


def test_an_opened_file_says_its_path():
    found = call(f'7 openat(AT_FDCWD<{hexed(b"/w")}>, "{DB}", O_RDWR|O_CREAT, 0644) = 3<{DB}>')
    assert (found.path, found.result, found.arguments[2]) == ("/d/x.db", 3, "O_RDWR|O_CREAT")


def test_a_flush_that_failed_says_why():
    found = call(f"7 fdatasync(3<{DB}>) = -1 EIO (Input/output error) (INJECTED)")
    assert (found.error, found.result) == ("EIO", -1)


def test_a_flush_that_a_lying_disk_only_claimed_is_no_success():
    assert call(f"7 fdatasync(3<{DB}>) = 0 (INJECTED)").error == "INJECTED"


def test_a_file_that_was_removed_while_open_is_known_as_such():
    found = call(f'7 write(4<{DB}>(deleted), "{hexed(b"a")}", 1) = 1')
    assert found.arguments[0] == OpenFile("4", "/d/x.db", True)


def test_a_call_that_another_thread_interrupted_is_put_together_at_its_end():
    lines = [
        f"7 fsync(3<{DB}> <unfinished ...>",
        f'8 unlink("{DB}") = 0',
        "7 <... fsync resumed>) = 0",
    ]
    assert [found.name for found in read_calls(lines)] == ["unlink", "fsync"]
    assert list(read_calls(lines))[1].arguments == (OPEN_DB,)


def test_a_string_that_is_not_whole_ends_the_reading():
    with pytest.raises(CutShort):
        call(f'7 write(3<{DB}>, "{hexed(b"beginning")}"..., 9000) = 9000')


def test_lines_that_are_no_calls_are_passed_over():
    assert list(read_calls(["7 +++ exited with 0 +++\n", "7 --- SIGCHLD {} ---\n"])) == []
