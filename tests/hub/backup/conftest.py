"""A hub with a folder of its own, and a few acts in its books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from hub.backup.taking import Taken, take
from hub.catalog.acts import SaveItem
from hub.clock import FixedClock
from hub.command import Command
from hub.config import HubConfig
from hub.inventory.acts import Goods, Receive
from hub.journal import Journal
from hub.setup import prepare_schema
from hub.wiring import open_journal

BIN = "A-01-01-1"
T = TypeVar("T")


class Shop:
    """One hub, with what a backup has to bring back."""

    def __init__(self, folder: Path, config: HubConfig | None = None) -> None:
        self.folder, self.clock = folder, FixedClock()
        self.config = config or HubConfig(str(folder))
        self.journal: Journal = open_journal(self.config, self.clock, Random(5))
        prepare_schema(self.config, self.journal)
        secrets = folder / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "web-key").write_bytes(b"k" * 32)

    @property
    def file(self) -> Path:
        return self.folder / "hub.db"

    def receive(self, quantity: int) -> None:
        """So many units of one article come into one bin."""
        self.clock.advance(ms=1_000)
        article = self._carry_out(SaveItem("shop", "PEN", "A pen"))
        self._carry_out(Receive((Goods(BIN, article, quantity),), "opening"))

    def _carry_out(self, command: Command[T]) -> T:
        return self.journal.carry_out(command, site="w1", via="page")

    def back_up(self, target: Path) -> Taken:
        return take(self.config, target, self.clock.now_us())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "hub")
    made.receive(5)
    yield made
    made.journal.database.close()
