"""What all open pages see: values by topic, asked while somebody watches, sent when they change.

Owns the thread that looks and the streams (server-sent events). Each value is whole, so a page that
missed some is right again with the next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

LOOK_S: Final = 0.1
BEAT_S: Final = 10.0
STREAMS_MAX: Final = 8
TROUBLE: Final = "trouble"
"""What could not be looked at; the page says so, and looking goes on."""

_encode: Final = msgspec.json.Encoder().encode


class Topic(NamedTuple):
    """What tells a value, and how often it is asked at most."""

    tell: Callable[[], Any]
    every_s: float = LOOK_S


class TooManyPages(Exception):
    """STREAMS_MAX pages watch already."""


class Feed:
    """Values with the version at which each was last new."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self._topics = dict(topics)
        self._told: dict[str, tuple[int, bytes]] = {}
        self._asked_at: dict[str, float] = {}
        self._version = 0
        self._changed = threading.Condition()
        self._pages = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._look, name="bench-feed", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End looking, and every stream."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def stream(self) -> Iterator[bytes]:
        """Everything once, then whatever changes. Raises TooManyPages at once."""
        with self._changed:
            if self._pages >= STREAMS_MAX:
                raise TooManyPages
            self._pages += 1
            self._changed.notify_all()
        return self._events()

    def _events(self) -> Iterator[bytes]:
        seen = 0
        try:
            yield b"retry: 1000\n\n"
            while not self._is_closed:
                fresh, seen = self._since(seen)
                yield b"".join(_event(name, body) for name, body in fresh) or b": beat\n\n"
        finally:
            with self._changed:
                self._pages -= 1

    def _since(self, seen: int) -> tuple[list[tuple[str, bytes]], int]:
        """What is newer, waiting for it until the next beat is due."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > seen or self._is_closed, BEAT_S)
            fresh = [(name, body) for name, (at, body) in self._told.items() if at > seen]
            return fresh, self._version

    def _look(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pages > 0 or self._is_closed)
                if self._is_closed:
                    return
            try:
                self.look_once(time.monotonic())
            except Exception as wrong:  # noqa: BLE001 - the outermost loop of this thread
                self._tell({TROUBLE: _encode(repr(wrong))})
            time.sleep(LOOK_S)

    def look_once(self, now_s: float) -> None:
        """Ask the topics whose turn it is, and tell what is new."""
        fresh = {}
        for name, topic in self._topics.items():
            if now_s - self._asked_at.get(name, float("-inf")) < topic.every_s:
                continue
            self._asked_at[name] = now_s
            body = _encode(topic.tell())
            if self._told.get(name, (0, b""))[1] != body:
                fresh[name] = body
        if fresh:
            self._tell(fresh)

    def _tell(self, fresh: dict[str, bytes]) -> None:
        with self._changed:
            self._version += 1
            self._told |= {name: (self._version, body) for name, body in fresh.items()}
            self._changed.notify_all()


def _event(name: str, body: bytes) -> bytes:
    return b'data: {"topic":"' + name.encode() + b'","value":' + body + b"}\n\n"
