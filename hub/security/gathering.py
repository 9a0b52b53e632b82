"""Gathers sights so that a flood costs a few rows: the first of its kind is due at once, repeats
wait and are counted. Owns what waits; in memory alone, since the log can be read again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hub.security_events import Sight

REPEATS_EVERY_MS: Final = 10_000
NEWS_MAX: Final = 200
"""Sights of one batch; those beyond are counted with the last."""

_Key = tuple[str, str, str]


class Gathering:
    """Between the log and the journal."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, Sight] = {}
        self._told_ms: dict[_Key, int] = {}

    def add(self, sight: Sight) -> None:
        key = (sight.kind, sight.subject, sight.address)
        if key not in self._waiting and len(self._waiting) >= NEWS_MAX:
            key = (sight.kind, "", "")
            sight = msgspec.structs.replace(sight, subject="", address="")
        before = self._waiting.get(key)
        count = sight.count + (before.count if before else 0)
        self._waiting[key] = msgspec.structs.replace(sight, count=count)

    def due(self, now_ms: int) -> tuple[Sight, ...]:
        """What is to be written now: news at once, repeats every REPEATS_EVERY_MS."""
        self._told_ms = {
            key: at for key, at in self._told_ms.items() if now_ms - at < REPEATS_EVERY_MS
        }
        ready = [key for key in self._waiting if key not in self._told_ms]
        self._told_ms.update(dict.fromkeys(ready, now_ms))
        return tuple(self._waiting.pop(key) for key in ready)

    @property
    def is_empty(self) -> bool:
        return not self._waiting
