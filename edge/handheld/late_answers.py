"""Answers that must not overtake the events before them: work given back counts as given back only
once everything that was done on it is at the hub. Owns what waits for that.

What waits is forgotten by a restart and when the link breaks: the hub repeats its command, and the
answer is kept with the work.
"""

from __future__ import annotations

from typing import NamedTuple

from edge.storage.contract import Outbox, Position
from protocols.messages.commands import CommandAck


class _Waiting(NamedTuple):
    answer: CommandAck
    after: Position


class LateAnswers:
    """The answers of one device that wait for their events."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._waiting: dict[str, _Waiting] = {}

    def hold(self, answer: CommandAck) -> None:
        """Keep it until what the outbox holds now is acknowledged. A repeat waits no longer."""
        after = self._outbox.position(self._outbox.epoch, self._outbox.last_seq)
        if after is not None:
            self._waiting.setdefault(answer.id, _Waiting(answer, after))

    def due(self) -> list[CommandAck]:
        """Those that may be said now, once each."""
        if not self._waiting:
            return []
        oldest = self._outbox.oldest_unacked()
        ready = [w.answer for w in self._waiting.values() if oldest is None or oldest > w.after]
        for answer in ready:
            del self._waiting[answer.id]
        return ready

    def forget(self) -> None:
        """The link broke: the hub will ask again."""
        self._waiting.clear()
