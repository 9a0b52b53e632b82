"""What pages are told: everything once, then what has changed; no more pages than there is room."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from simulators.tester_bench.feed import STREAMS_MAX, Feed, TooManyPages, Topic
from simulators.tester_bench.wire_tap import read


@pytest.fixture
def values() -> dict[str, int]:
    return {"a": 1, "b": 1, "asked": 0}


@pytest.fixture
def feed(values: dict[str, int]) -> Iterator[Feed]:
    def seldom() -> int:
        values["asked"] += 1
        return values["b"]

    made = Feed({"a": Topic(lambda: values["a"], 0.0), "b": Topic(seldom, 1_000.0)})
    yield made
    made.close()


def told(stream: Iterator[bytes]) -> bytes:
    """The next that is no heartbeat."""
    return next(piece for piece in stream if piece.startswith(b"data:"))


def test_a_new_page_is_told_everything_and_then_what_changes(feed: Feed, values: dict[str, int]):
    stream = feed.stream()
    assert told(stream) == (b'data: {"topic":"a","value":1}\n\ndata: {"topic":"b","value":1}\n\n')
    values["a"] = 2
    assert told(stream) == b'data: {"topic":"a","value":2}\n\n'


def test_what_cannot_be_looked_at_is_said_and_the_next_look_goes_on(values: dict[str, int]):
    feed = Feed({"share": Topic(lambda: 6 // values["a"], 0.0)})
    values["a"] = 0
    stream = feed.stream()
    assert b'"topic":"trouble","value":"ZeroDivisionError' in told(stream)
    values["a"] = 2
    assert any(b'"topic":"share","value":3' in piece for piece in islice(stream, 5))
    feed.close()


def test_a_dear_topic_is_asked_no_oftener_than_it_says(feed: Feed, values: dict[str, int]):
    for moment in (0.0, 500.0, 999.0):
        feed.look_once(moment)
    assert values["asked"] == 1
    feed.look_once(1_000.0)
    assert values["asked"] == 2


def test_a_page_too_many_is_refused_and_one_that_left_makes_room(feed: Feed):
    streams = [feed.stream() for _ in range(STREAMS_MAX)]
    for stream in streams:
        next(stream)
    with pytest.raises(TooManyPages):
        feed.stream()
    streams[0].close()
    feed.stream()


@pytest.mark.parametrize(
    ("topic", "payload", "words"),
    [
        ("h1/evt", b'{"type":"PickConfirmed","seq":7}', ("h1", "up", "PickConfirmed #7")),
        ("h1/ack", b'{"upto":7,"gap":{"from":8}}', ("h1", "down", "up to #7, gap {'from': 8}")),
        ("h1/cmd_ack", b'{"accepted":false,"code":"HELD"}', ("h1", "up", "rejected: HELD")),
        ("hub/state", b'{"online":true}', ("hub", "down", "online")),
        ("h1/evt", b"\xff rubbish", ("h1", "up", "? #?")),
        ("h1/birth", b"[]", ("h1", "up", "?, #0")),
    ],
)  # fmt: skip
def test_a_message_is_told_in_a_few_words(topic: str, payload: bytes, words: tuple[str, ...]):
    under = "bw/1/w1/" if topic.startswith("hub/") else "bw/1/w1/dev/"
    passed = read(1, under + topic, payload)
    assert passed is not None
    assert (passed.device, passed.way, passed.what) == words


def test_the_asking_for_the_time_is_not_shown():
    assert read(1, "bw/1/w1/dev/h1/time", b"{}") is None
