"""The live feed, one look at a time: no thread, no socket, a clock that is advanced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.web import live
from hub.web.live import Feed, Subject, TooManyStreams

WAVES = Subject("test-waves", "", "en")
NEEDS = ("warehouse", "read")


class World:
    """A journal head to move, values to tell, and how often each was asked."""

    def __init__(self) -> None:
        self.head = 0
        self.value: Any = {"open": 1}
        self.asked = 0
        self.languages: list[str] = []
        self.clock = FixedClock()
        self.feed = self.new_feed("a")

    def new_feed(self, nonce: str, streams_max: int = 2) -> Feed:
        return Feed(lambda: self.head, self.clock.mono_ms, nonce, self.in_language, streams_max)

    @contextmanager
    def in_language(self, language: str) -> Iterator[None]:
        self.languages.append(language)
        yield

    def tell(self, _key: str) -> Any:
        self.asked += 1
        return self.value

    def change(self, value: Any) -> None:
        self.head += 1
        self.value = value
        self.clock.advance(ms=300)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(live, "_providers", {})
    live.provide("test-waves", world.tell, needs=NEEDS)
    live.provide("test-wave", lambda key: {"key": key}, needs=NEEDS)
    return world


def test_nobody_is_asked_while_nobody_watches(world: World) -> None:
    world.change({"open": 2})
    assert not world.feed.tick()
    assert world.asked == 0


def test_a_page_gets_the_whole_value_at_once_and_then_only_changes(world: World) -> None:
    watch = world.feed.open([WAVES])
    world.feed.tick()
    assert [told.body for _, told in watch.news()] == [b'{"open":1}']
    world.change({"open": 1})
    world.feed.tick()
    assert watch.news() == [], "asked, and it was the same"
    world.change({"open": 2})
    world.feed.tick()
    assert [told.body for _, told in watch.news()] == [b'{"open":2}']


def test_a_provider_is_not_asked_while_the_journal_stands_still(world: World) -> None:
    world.feed.open([WAVES])
    world.feed.tick()
    for _ in range(9):
        world.clock.advance(ms=200)
        world.feed.tick()
    assert world.asked == 1
    world.clock.advance(ms=200)
    world.feed.tick()
    assert world.asked == 2, "presence and batteries change without an act"


def test_a_burst_of_acts_asks_a_provider_no_more_often_than_it_said(world: World) -> None:
    world.feed.open([WAVES])
    for _ in range(100):
        world.head += 1
        world.clock.advance(ms=10)
        world.feed.tick()
    assert world.asked <= 5


def test_two_pages_about_the_same_cost_one_question(world: World) -> None:
    pages = [world.feed.open([WAVES]), world.feed.open([WAVES])]
    world.feed.tick()
    assert world.asked == 1
    assert all(len(page.news()) == 1 for page in pages)


def test_each_reader_is_told_in_their_language(world: World) -> None:
    world.feed.open([WAVES, WAVES._replace(language="de")])
    world.feed.tick()
    assert sorted(world.languages) == ["de", "en"]


def test_a_page_that_comes_back_is_told_only_what_it_missed(world: World) -> None:
    other = Subject("test-wave", "7", "en")
    watch = world.feed.open([WAVES, other])
    world.feed.tick()
    last = max(told.version for _, told in watch.news())
    again = world.feed.open([WAVES, other], last_id=f"a-{last}")
    world.feed.close(watch)
    world.change({"open": 5})
    world.feed.tick()
    assert [subject for subject, _ in again.news()] == [WAVES]


@pytest.mark.parametrize("last_id", ["b-999", "nonsense", "a-", "a-x", ""])
def test_an_id_of_another_process_tells_everything_anew(world: World, last_id: str) -> None:
    watch = world.feed.open([WAVES], last_id=last_id)
    world.feed.tick()
    assert len(watch.news()) == 1


def test_streams_are_bounded_and_a_closed_one_makes_room(world: World) -> None:
    first = world.feed.open([WAVES])
    world.feed.open([WAVES])
    with pytest.raises(TooManyStreams):
        world.feed.open([WAVES])
    world.feed.close(first)
    world.feed.close(first)
    world.feed.open([WAVES])
    assert world.feed.streams == 2


def test_a_stream_beats_every_ten_seconds_and_ends_when_the_page_is_gone(world: World) -> None:
    gone = False
    watch = world.feed.open([WAVES])
    stream = world.feed.stream(watch, lambda: gone, wait_s=0)
    assert b"event: beat" in next(stream)
    world.feed.tick()
    assert next(stream) == b'id: a-1\ndata: {"topic":"test-waves","value":{"open":1}}\n\n'
    world.clock.advance(s=10)
    assert next(stream) == b"event: beat\ndata: {}\n\n"
    gone = True
    assert list(stream) == []
    assert world.feed.streams == 0


def test_a_stream_ends_soon_after_its_person_may_not_watch_any_more(world: World) -> None:
    may, others_may = True, True
    watch = world.feed.open([WAVES], may_go_on=lambda: may)
    other = world.feed.open([WAVES], may_go_on=lambda: others_may)
    streams = [world.feed.stream(each, lambda: False, wait_s=0) for each in (watch, other)]
    for stream in streams:
        next(stream)
    world.feed.tick()
    may = False
    world.change({"open": 2})
    world.clock.advance(ms=live.LOOK_WHO_MS)
    world.feed.tick()
    assert list(streams[0]) == []
    assert b'{"open":2}' in next(streams[1])
    assert world.feed.streams == 1


def test_a_hub_that_cannot_read_its_books_sends_no_beat(world: World) -> None:
    watch = world.feed.open([WAVES])
    stream = world.feed.stream(watch, lambda: False, wait_s=0)
    next(stream)
    world.feed.is_well = False
    world.clock.advance(s=10)
    assert next(stream).startswith(b":")


def test_what_nobody_watches_any_more_is_forgotten(world: World) -> None:
    watch = world.feed.open([WAVES])
    world.feed.tick()
    world.feed.close(watch)
    world.feed.tick()
    assert world.feed.told(WAVES) is None
