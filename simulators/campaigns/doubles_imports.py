"""An import that is broken off at any moment and begun again, and a file that is sent twice."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Final

from hub.bulk.engine import run_import
from hub.bulk.kinds.orders import OrderFile
from hub.db import fetch
from hub.verify.command import verify
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.books import books, differences
from simulators.furnishing import write_days

ORDERS: Final = 60
STEPS_MAX: Final = 3
"""An import is broken off at the latest after so many of its steps."""


class BrokenOff(BaseException):
    """Nothing that the import has opened may be used any more."""


class ImportDoubles:
    """One file and one hub that does not get to its end."""

    def __init__(self, hub: BareHub, chance: Random) -> None:
        self._hub, self._chance = hub, chance
        self.first, self.repeated, self.restarts = 0, 0, 0

    def run(self) -> list[str]:
        """Break it off and go on until it is done, then again; returns what is wrong."""
        with tempfile.TemporaryDirectory(prefix="binlight-import-") as folder:
            file = Path(folder) / "orders.csv"
            orders = write_days(file, ORDERS)
            self.first = len(file.read_text(encoding="utf-8").splitlines()) - 1
            while not self._is_done(file, steps=self._chance.randint(1, STEPS_MAX)):
                self.restarts += 1
                self.repeated += self.first
                self._hub.close()
                self._hub.open()
            before = books(self._hub.journal.database)
            self._is_done(file)
            self.repeated += self.first
            tables = differences(before, books(self._hub.journal.database))
        return [*(f"{name} changed" for name in tables), *self._wrong(orders)]

    def _is_done(self, file: Path, steps: int | None = None) -> bool:
        left = steps

        def count_down(*_step: object) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    raise BrokenOff

        try:
            run_import(
                self._hub.journal, OrderFile(), file, company=self._hub.company,
                site=self._hub.site, progress=count_down, rest=lambda _seconds: None,
            )  # fmt: skip
        except BrokenOff:
            return False
        return True

    def _wrong(self, orders: int) -> list[str]:
        database = self._hub.journal.database
        (count,) = fetch(database, "SELECT COUNT(DISTINCT external_id) FROM sales_order")[0]
        (all_orders,) = fetch(database, "SELECT COUNT(external_id) FROM sales_order")[0]
        wrong = [f"{f.where}: {f.what}" for f in verify(database).findings]
        if (count, all_orders) != (orders, orders):
            wrong.append(f"{all_orders} orders, {count} different ones, of {orders} in the file")
        return wrong
