"""How simulated people in front of a screen reach the hub: acts and reads. Owns no rule.

The same services as pages and API. In a live world these run beside the loop, in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hub.command import Command
from hub.db import fetch
from hub.journal import Journal
from simulators.furnishing import Badge

T = TypeVar("T")


class Desk:
    """One person's way into the hub."""

    def __init__(
        self, journal: Journal, site: str, who: Badge, on_act: Callable[[], None] = lambda: None
    ) -> None:
        self.journal, self.site, self._who, self._on_act = journal, site, who, on_act

    def carry_out(self, command: Command[T]) -> T:
        """Do it in the person's name. Raises what the service refuses."""
        done = self.journal.carry_out(command, site=self.site, via="page", actor=self._who.person)
        self._on_act()
        return done

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return fetch(self.journal.database, sql, params)
