"""Another company's site in the database of a hub under test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub import ids
from hub.db import writing
from hub.journal import Act, Via
from tests.hub.conftest import TestHub


class OtherHub(TestHub):
    """As `TestHub`, for the company "other"; somebody has to make its site w2 first."""

    __test__ = False
    site = "w2"
    company = "other"

    @classmethod
    def beside(cls, hub: TestHub) -> OtherHub:
        """In the same database, by the same clock."""
        other = cls(hub.database, hub.url)
        other.clock = hub.clock
        return other

    @contextmanager
    def act(
        self, name: str = "test", via: Via = "command", key: str | None = None
    ) -> Iterator[Act]:
        self.clock.advance(ms=1)
        now_us = self.clock.now_us()
        with writing(self.database, now_us) as tx:
            chosen = key or ids.new_key(now_us, self.random)
            act = Act(tx, name, site=self.site, key=chosen, via=via)
            yield act
            act.enter(b"{}")
