"""What a power cut may take from the modelled disk, and what not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.campaigns.crash_images.disk import Disk, whole
from simulators.campaigns.crash_images.operations import (
    Enter,
    Flush,
    FlushFolder,
    MakeFolder,
    Move,
    Operation,
    Remove,
    Resize,
    Write,
)


def disk(*operations: Operation, **files: bytes) -> Disk:
    made = Disk(files)
    for operation in operations:
        made.take(operation)
    return made


def least(made: Disk) -> dict[str, bytes]:
    return made.after_power_cut([], 0)


def most(made: Disk) -> dict[str, bytes]:
    return made.after_power_cut(whole(made.unsafe), len(made.waiting_names))


def test_bytes_are_safe_from_their_flush_on():
    made = disk(Write(0, 0, b"new"), a=b"old")
    assert (least(made), most(made)) == ({"a": b"old"}, {"a": b"new"})
    made.take(Flush(0, succeeded=True))
    assert least(made) == {"a": b"new"}


def test_the_flush_of_one_file_is_none_of_another():
    made = disk(Write(0, 0, b"A"), Write(1, 0, b"B"), Flush(1, True), a=b"a", b=b"b")
    assert least(made) == {"a": b"a", "b": b"B"}


def test_a_lost_write_before_one_that_arrived_leaves_a_hole():
    made = disk(Write(0, 0, b"1"), Write(0, 4, b"5"), a=b"")
    assert made.after_power_cut(whole(made.unsafe[1:]), 0) == {"a": b"\0\0\0\x005"}


def test_the_end_that_was_cut_off_comes_back_without_a_flush():
    made = disk(Resize(0, 1), a=b"long")
    assert (least(made), most(made)) == ({"a": b"long"}, {"a": b"l"})


def test_a_name_is_safe_only_with_its_folder():
    """Write, flush and rename without a flush of the folder: the old file may still be there."""
    new = [Enter("a.new", 1), Write(1, 0, b"new"), Flush(1, True), Move("a.new", "a")]
    made = disk(*new, a=b"old")
    assert (least(made), most(made)) == ({"a": b"old"}, {"a": b"new"})
    made.take(FlushFolder(""))
    assert least(made) == {"a": b"new"}


def test_a_rename_without_a_flush_of_the_file_may_leave_it_empty():
    made = disk(Enter("a.new", 1), Write(1, 0, b"new"), Move("a.new", "a"), a=b"old")
    assert made.after_power_cut([], 2) == {"a": b""}


def test_a_removed_log_may_be_there_again():
    made = disk(Remove("log"), log=b"stale")
    assert (least(made), most(made)) == ({"log": b"stale"}, {})


def test_a_file_is_lost_with_the_folder_that_it_is_in():
    made = disk(MakeFolder("sub"), Enter("sub/a", 0), FlushFolder("sub"))
    assert (least(made), most(made)) == ({}, {"sub/a": b""})
    made.take(FlushFolder(""))
    assert least(made) == {"sub/a": b""}


def test_no_later_flush_saves_what_a_failed_one_dropped():
    made = disk(Write(0, 0, b"AB"), Flush(0, False), Write(0, 3, b"D"), Flush(0, True), a=b"abcd")
    assert (least(made), most(made)) == ({"a": b"abcD"}, {"a": b"ABcD"})


def test_what_a_failed_flush_dropped_is_safe_once_it_is_written_anew():
    made = disk(Write(0, 0, b"ABC"), Flush(0, False), a=b"abcd")
    made.take(Write(0, 1, b"B"))
    made.take(Flush(0, True))
    assert (least(made), most(made)) == ({"a": b"aBcd"}, {"a": b"ABCd"})


_writes = st.builds(Write, st.integers(0, 1), st.integers(0, 9), st.binary(min_size=1, max_size=6))
_contents = st.one_of(_writes, st.builds(Resize, st.integers(0, 1), st.integers(0, 9)))
_flushes = st.builds(Flush, st.integers(0, 1), st.just(True))


@given(st.lists(st.one_of(_contents, _flushes), max_size=12))
def test_without_a_power_cut_everything_is_as_it_was_written(operations: list[Operation]):
    made = disk(*operations, a=b"12345", b=b"")
    plain = {0: bytearray(b"12345"), 1: bytearray()}
    for operation in operations:
        if isinstance(operation, Write):
            content, end = plain[operation.file], operation.offset + len(operation.content)
            content.extend(bytes(max(0, end - len(content))))
            content[operation.offset : end] = operation.content
        elif isinstance(operation, Resize):
            content = plain[operation.file]
            content.extend(bytes(max(0, operation.size - len(content))))
            del content[operation.size :]
    assert most(made) == {"a": bytes(plain[0]), "b": bytes(plain[1])}


@given(st.lists(st.one_of(_contents, _flushes), max_size=12))
def test_flushing_everything_leaves_nothing_to_chance(operations: list[Operation]):
    made = disk(*operations, Flush(0, True), Flush(1, True), a=b"12345", b=b"")
    assert made.unsafe == []
    assert least(made) == most(made)
