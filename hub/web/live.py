"""Pages that change by themselves: one reader for each process looks at the journal's head while
somebody watches, asks the providers of watched topics, and sends what changed to the pages.

Owns the thread of the reader and the open streams (server-sent events); knows no table. How pages
use it is told in `hub/web/__init__.py`.
A subject is (topic, key, language); its value is JSON. Streams only ever carry whole values, so a
page that missed some is right again with the next.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from hub.errors import HubError
from hub.web.context import EVERY

POLL_S: Final = 0.2
HEARTBEAT_MS: Final = 10_000
UNJOURNALLED_EVERY_MS: Final = 2_000
"""Presence and batteries change without an act: topics are asked at least so often."""
TOPICS_MAX: Final = 12
LOOK_WHO_MS: Final = 5_000
"""How soon a log-in that ended, or a right that was taken away, ends a stream that is open."""
LINGER_MS: Final = 5_000
"""The reader stays so long after the last stream, for whoever goes from page to page."""

_log = structlog.get_logger("web.live")
_VERSION: Final = re.compile("[0-9]{1,18}")
_encode: Final = msgspec.json.Encoder().encode


class Subject(NamedTuple):
    topic: str
    key: str
    language: str

    @property
    def address(self) -> str:
        return f"{self.topic}:{self.key}" if self.key else self.topic


class Provider(NamedTuple):
    """Who tells the value of a topic, who may see it, and how often at most it is asked."""

    tell: Callable[[str], Any]
    needs: tuple[str, str]
    every_ms: int
    division: Callable[[str], str]
    """In which division the key is looked at."""


class TooManyStreams(HubError):
    code = "TOO_MANY_STREAMS"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} pages are watching already; close some that nobody looks at.")


_providers: Final[dict[str, Provider]] = {}


def provide(
    topic: str, tell: Callable[[str], Any], *, needs: tuple[str, str], every_ms: int = 250,
    division: Callable[[str], str] = lambda _key: EVERY,
) -> None:  # fmt: skip
    """Make a topic known. `tell(key)` runs in the application's context, in the reader's language,
    and is asked at most every `every_ms` while the journal grows; keep it under 20 ms."""
    _providers[topic] = Provider(tell, needs, every_ms, division)


def provider(topic: str) -> Provider | None:
    return _providers.get(topic)


class _Told(NamedTuple):
    version: int
    body: bytes


class Watch:
    """One open page: the subjects it asked for, and how far it has seen."""

    def __init__(
        self, feed: Feed, subjects: Sequence[Subject], seen: int, may_go_on: Callable[[], bool]
    ) -> None:
        self._feed, self.may_go_on = feed, may_go_on
        self.is_over = False
        """Whoever watched may not any more."""
        self.subjects = tuple(subjects)
        self._seen = dict.fromkeys(self.subjects, seen)

    def has_news(self) -> bool:
        told = ((self._feed.told(subject), seen) for subject, seen in self._seen.items())
        return any(value is not None and value.version > seen for value, seen in told)

    def news(self) -> list[tuple[Subject, _Told]]:
        """What has changed since the last call; never blocks."""
        fresh = []
        for subject in self.subjects:
            told = self._feed.told(subject)
            if told is not None and told.version > self._seen[subject]:
                self._seen[subject] = told.version
                fresh.append((subject, told))
        return fresh


class Feed:
    """What is told to all pages of this process. `tick` is one look; the thread only repeats it."""

    def __init__(
        self, read_head: Callable[[], int], mono_ms: Callable[[], int], nonce: str,
        in_language: Callable[[str], AbstractContextManager[object]], streams_max: int,
        let_go: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """`let_go` closes what the reading thread holds: when it ends, and after a failure."""
        self._read_head = read_head
        self._mono_ms = mono_ms
        self._in_language = in_language
        self._nonce = nonce
        self._let_go = let_go
        self._streams_max = streams_max
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._told: dict[Subject, _Told] = {}
        self._asked: dict[Subject, tuple[int, int]] = {}
        self._version = 0
        self._thread: threading.Thread | None = None
        self._idle_since_ms = self._look_who_at_ms = 0
        self._is_ended = False
        self.is_well = True
        """Whether the last look succeeded; without it no heartbeat is sent and pages turn stale."""

    # --- streams -----------------------------------------------------------------------------

    def open(
        self, subjects: Sequence[Subject], last_id: str = "",
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> Watch:  # fmt: skip
        """Watch subjects, from `last_id` on when it is ours. Raises TooManyStreams.

        `may_go_on` is asked now and then by the reader's thread, outside of any request.
        """
        nonce, _, version = last_id.partition("-")
        seen = int(version) if nonce == self._nonce and _VERSION.fullmatch(version) else 0
        watch = Watch(self, subjects, seen, may_go_on)
        with self._changed:
            if len(self._watches) >= self._streams_max:
                raise TooManyStreams(self._streams_max)
            self._watches.add(watch)
        return watch

    def close(self, watch: Watch) -> None:
        """Stop watching; safe to repeat."""
        with self._changed:
            self._watches.discard(watch)
            self._idle_since_ms = self._mono_ms()

    @property
    def streams(self) -> int:
        return len(self._watches)

    def told(self, subject: Subject) -> _Told | None:
        return self._told.get(subject)

    def stream(
        self, watch: Watch, is_gone: Callable[[], bool], wait_s: float = 1.0
    ) -> Iterator[bytes]:
        """Events for one page until it is gone, or its person may not see them any more; a beat at
        once and then every ten seconds.
        """
        try:
            beaten_ms = self._mono_ms()
            yield b"retry: 1000\n\n" + self._beat()
            while not (watch.is_over or is_gone()):
                for subject, told in watch.news():
                    yield self._event(subject, told)
                if self._mono_ms() - beaten_ms >= HEARTBEAT_MS:
                    beaten_ms = self._mono_ms()
                    yield self._beat() if self.is_well else b": the hub cannot read its books\n\n"
                self._wait_for_news(watch, wait_s)
        finally:
            self.close(watch)

    def _wait_for_news(self, watch: Watch, wait_s: float) -> None:
        with self._changed:
            if not watch.has_news():
                self._changed.wait(wait_s)

    def _event(self, subject: Subject, told: _Told) -> bytes:
        head = f'id: {self._nonce}-{told.version}\ndata: {{"topic":"{subject.address}","value":'
        return head.encode() + told.body + b"}\n\n"

    def _beat(self) -> bytes:
        return b"event: beat\ndata: {}\n\n"

    # --- the reader --------------------------------------------------------------------------

    def tick(self) -> bool:
        """Look once: ask the providers whose turn it is. Returns whether anything changed."""
        head, now_ms = self._read_head(), self._mono_ms()
        with self._changed:
            watched = {subject for watch in self._watches for subject in watch.subjects}
        changed = [
            self._ask(s, head, now_ms) for s in sorted(watched) if self._is_due(s, head, now_ms)
        ]
        self._forget(watched)
        self._look_who_watches(now_ms)
        if any(changed):
            with self._changed:
                self._changed.notify_all()
        return any(changed)

    def _look_who_watches(self, now_ms: int) -> None:
        """End the streams of whoever logged out, was logged out, or lost a right."""
        if now_ms < self._look_who_at_ms:
            return
        self._look_who_at_ms = now_ms + LOOK_WHO_MS
        with self._changed:
            watches = list(self._watches)
        over = [watch for watch in watches if not watch.may_go_on()]
        with self._changed:
            for watch in over:
                watch.is_over = True
            self._changed.notify_all()

    def _is_due(self, subject: Subject, head: int, now_ms: int) -> bool:
        asked = self._asked.get(subject)
        if asked is None:
            return True
        asked_head, asked_ms = asked
        pause_ms = (
            _providers[subject.topic].every_ms if head != asked_head else UNJOURNALLED_EVERY_MS
        )
        return now_ms - asked_ms >= pause_ms

    def _ask(self, subject: Subject, head: int, now_ms: int) -> bool:
        self._asked[subject] = (head, now_ms)
        with self._in_language(subject.language):
            body = _encode(_providers[subject.topic].tell(subject.key))
        told = self._told.get(subject)
        if told is not None and told.body == body:
            return False
        self._version += 1
        self._told[subject] = _Told(self._version, body)
        return True

    def _forget(self, watched: set[Subject]) -> None:
        for subject in self._told.keys() - watched:
            self._told.pop(subject, None)
            self._asked.pop(subject, None)

    def ensure_reader(self) -> None:
        """Start the reader if nobody reads; it ends some seconds after the last stream."""
        with self._changed:
            self._is_ended = False
            if self._thread is None:
                self._idle_since_ms = self._mono_ms()
                self._thread = threading.Thread(target=self._read, name="live-feed", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Read no more; returns when the reader has let go of its connection."""
        with self._changed:
            self._is_ended = True
            reader = self._thread
        if reader is not None:
            reader.join()

    def _read(self) -> None:
        pause = threading.Event()
        while self._is_wanted():
            try:
                self.tick()
                self.is_well = True
            except Exception as wrong:  # noqa: BLE001 - the outermost loop of this thread
                self.is_well = False
                self._let_go()
                _log.error("live_feed_failed", error=repr(wrong))
            pause.wait(POLL_S if self.is_well else 5 * POLL_S)
        self._let_go()

    def _is_wanted(self) -> bool:
        with self._changed:
            is_idle = not self._watches and self._mono_ms() - self._idle_since_ms > LINGER_MS
            if is_idle or self._is_ended:
                self._thread = None
                return False
            return True
