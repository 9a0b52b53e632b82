"""What people are shown of events that wait for the hub, once it is back: from when until when.

Lesson 23: nobody is surprised by an upload, nor by what the hub makes of it.
"""

from __future__ import annotations

from typing import Final

from edge.handheld.outcome import Notice

SHOWN_FROM: Final = 5
"""Fewer events go to the hub before anybody could read of them."""


class Backlog:
    """Watches the outbox's depth over the hub's comings and goings."""

    def __init__(self) -> None:
        self.is_draining = False

    def watch(self, depth: int, notice: Notice | None, *, came_back: bool) -> Notice | None:
        """The notice to show from now on, given the one that stands there."""
        if came_back and depth >= SHOWN_FROM:
            self.is_draining = True
            return None if notice is not None and notice.look == "INFO" else notice
        if self.is_draining and not depth:
            self.is_draining = False
            return notice or Notice("BACKLOG_GONE")
        return notice
