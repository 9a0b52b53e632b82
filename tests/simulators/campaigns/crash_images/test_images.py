"""Which disks are tried at a moment."""

from __future__ import annotations

from random import Random

from simulators.campaigns.crash_images.images import images
from simulators.campaigns.crash_images.operations import (
    Enter,
    Flush,
    FlushFolder,
    Operation,
    Said,
    Write,
)
from simulators.campaigns.crash_images.recorder import Recording

LONG = bytes(range(256)) * 12
"""3,072 bytes: six sectors."""


def found(*operations: Operation, seed: int = 1, **files: bytes) -> list[tuple[int, str, bytes]]:
    recording = Recording(files, list(operations))
    return [(i.moment, i.way, i.files.get("a", b"-")) for i in images(recording, Random(seed))]


def test_where_nothing_is_unsafe_there_is_one_disk():
    assert found(Flush(0, True), Said({}), a=b"x") == [(1, "nothing", b"x"), (2, "nothing", b"x")]


def test_one_write_is_tried_lost_whole_and_torn():
    tried = {content for _, _, content in found(Write(0, 0, LONG), a=bytes(3_072))}
    torn = tried - {LONG, bytes(3_072)}
    assert tried >= {LONG, bytes(3_072)}
    assert torn
    for content in torn:
        cut = next(n for n, (a, b) in enumerate(zip(content, LONG, strict=True)) if a != b)
        assert content == LONG[: cut - cut % 512] + bytes(3_072 - (cut - cut % 512))


def test_the_younger_write_may_arrive_without_the_older():
    two = (Write(0, 0, b"1"), Write(0, 1, b"2"))
    seen = {content for seed in range(8) for _, _, content in found(*two, a=b"..", seed=seed)}
    assert seen == {b"..", b"1.", b".2", b"12"}


def test_a_name_may_arrive_before_the_bytes():
    operations = (Enter("a", 0), Write(0, 0, b"new"))
    assert (2, "names alone", b"") in found(*operations)
    assert (2, "everything", b"new") in found(*operations)


def test_what_was_said_later_is_not_yet_promised():
    recording = Recording({"a": b""}, [Write(0, 0, b"1"), Flush(0, True), Said({"n": 1})])
    promised = [(image.moment, len(image.said)) for image in images(recording, Random(1))]
    assert {moment for moment, count in promised if count} == {3}


def test_the_same_seed_tries_the_same_disks():
    operations = [Write(0, n, bytes([n])) for n in range(20)]
    assert found(*operations, a=b"", seed=5) == found(*operations, a=b"", seed=5)


def test_with_a_small_share_moments_are_left_out_evenly():
    recording = Recording({"a": b""}, [Write(0, n, b"x") for n in range(200)] + [FlushFolder("")])
    few = list(images(recording, Random(1), share=0.1))
    assert 0 < len(few) < 400
    assert max(image.moment for image in few) > 150
