"""Gathers sights so that a flood costs few acts: news is due at once, repeats wait and are counted.

What is due is everything that waits, so that "read up to here" and "written down" are one moment.
In memory alone: what was not written is read from the log again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hub.security_events import Sight

REPEATS_EVERY_MS: Final = 10_000
NEWS_EVERY_MS: Final = 1_000
NEWS_MAX: Final = 200
"""Sights of one batch; those beyond are counted with the last."""

_Key = tuple[str, str, str]


class Gathering:
    """Between the log and the journal."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, Sight] = {}
        self._told_ms: dict[_Key, int] = {}
        self._last_ms: int | None = None

    def add(self, sight: Sight) -> None:
        key = (sight.kind, sight.subject, sight.address)
        if key not in self._waiting and len(self._waiting) >= NEWS_MAX:
            key = (sight.kind, "", "")
            sight = msgspec.structs.replace(sight, subject="", address="")
        before = self._waiting.get(key)
        count = sight.count + (before.count if before else 0)
        self._waiting[key] = msgspec.structs.replace(sight, count=count)

    def due(self, now_ms: int) -> tuple[Sight, ...]:
        """Everything that waits, when something of it is news or old enough; otherwise nothing."""
        self._told_ms = {
            key: at for key, at in self._told_ms.items() if now_ms - at < REPEATS_EVERY_MS
        }
        if not self._waiting or not self._is_time(now_ms):
            return ()
        return self.all(now_ms)

    def all(self, now_ms: int) -> tuple[Sight, ...]:
        """Everything that waits, whether it is time or not."""
        ready, self._waiting = self._waiting, {}
        self._told_ms.update(dict.fromkeys(ready, now_ms))
        self._last_ms = now_ms
        return tuple(ready.values())

    def put_back(self, sights: tuple[Sight, ...]) -> None:
        """What was due could not be written: it waits again, with what came meanwhile."""
        for sight in sights:
            self.add(sight)

    def _is_time(self, now_ms: int) -> bool:
        if self._last_ms is None or now_ms - self._last_ms >= REPEATS_EVERY_MS:
            return True
        is_news = not self._waiting.keys() <= self._told_ms.keys()
        return is_news and now_ms - self._last_ms >= NEWS_EVERY_MS
