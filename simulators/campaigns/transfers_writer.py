"""A process that moves stock between bins, one of several at once; run by `transfers`.

Its argument is a JSON object; the last line of its output says what it did.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import peewee
import psycopg

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.db import fetch, is_clash
from hub.inventory import service as inventory
from hub.inventory.posting import NotEnoughStock
from hub.journal import Act
from hub.wiring import open_journal

MOVES_MAX: Final = 3
"""Of one act."""
QUANTITY_MAX: Final = 30
"""More than a bin sometimes holds, so that some moves are refused."""


class Asked(msgspec.Struct, frozen=True):
    """What this process is to do."""

    folder: str
    database_url: str
    seed: int
    transfers: int


class Writer:
    """Moves units of one article from bin to bin."""

    def __init__(self, asked: Asked) -> None:
        config = HubConfig(folder=asked.folder, database_url=asked.database_url)
        self._site, self._chance = config.site, Random(asked.seed)
        self._journal = open_journal(config, SystemClock(), self._chance)
        found = fetch(self._journal.database, "SELECT id FROM item")
        self._item = bytes(found[0][0])
        found = fetch(self._journal.database, "SELECT code FROM place WHERE kind = 'BIN'")
        self._bins = sorted(code for (code,) in found if code.startswith("T-"))
        self.moved, self.refused, self.gave_up = 0, 0, 0

    def work(self, transfers: int) -> dict[str, int]:
        """Until so many went through; returns the counts."""
        while self.moved < transfers:
            moves = self._chance.randint(1, MOVES_MAX)
            self._move([self._chance.sample(self._bins, 2) for _ in range(moves)])
        self._journal.database.close()
        return {"moved": self.moved, "refused": self.refused, "gave_up": self.gave_up}

    def _move(self, pairs: Sequence[Sequence[str]]) -> None:
        try:
            moved = self._journal.perform(
                "campaign.transfer", lambda act: self._move_each(act, pairs), site=self._site,
                via="command",
            )  # fmt: skip
        except (peewee.OperationalError, psycopg.Error) as wrong:
            if not is_clash(wrong):
                raise
            self.gave_up += 1
            return
        self.moved += moved
        self.refused += len(pairs) - moved

    def _move_each(self, act: Act, pairs: Sequence[Sequence[str]]) -> int:
        """A move that finds too little leaves the others of its act alone."""
        moved = 0
        for source, target in pairs:
            quantity = self._chance.randint(1, QUANTITY_MAX)
            try:
                inventory.move(act, source, target, self._item, quantity, "transfer")
            except NotEnoughStock:
                continue
            moved += 1
        return moved


def main(asked: str) -> None:
    wanted: Any = msgspec.json.decode(asked, type=Asked)
    Path(wanted.folder).mkdir(exist_ok=True)
    print(json.dumps(Writer(wanted).work(wanted.transfers)))  # noqa: T201 - read by `transfers`


if __name__ == "__main__":
    main(*sys.argv[1:])
