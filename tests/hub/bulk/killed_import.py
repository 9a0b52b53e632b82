"""An import that is killed with signal 9 at a chosen point; run as a process of its own.

Arguments: database file, file to import, point (staging, inside, between), how often it passes.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from random import Random

from hub.bulk.engine import run_import
from hub.bulk.kinds import order_entries
from hub.bulk.kinds.orders import OrderFile
from hub.bulk.posting import Context
from hub.bulk.report import Outcome
from hub.clock import FixedClock
from hub.journal import Act, Journal
from hub.opening import open_database


class Killed:
    """Counts down and kills its own process."""

    def __init__(self, point: str, passes: int) -> None:
        self.point, self.left = point, passes

    def at(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


class KilledFile(OrderFile):
    """Dies after the statements of a slice and before their commit."""

    def __init__(self, killed: Killed) -> None:
        super().__init__()
        self.killed = killed

    def post(self, act: Act, context: Context, entries: bytes) -> Outcome:
        outcome = super().post(act, context, entries)
        act.tx.flush()
        self.killed.at("inside")
        return outcome


def main(database: str, file: str, point: str, passes: str) -> None:
    killed = Killed(point, int(passes))
    order_entries.ROW_UNITS_IN_SLICE = 20  # type: ignore[misc]
    journal = Journal(open_database(f"sqlite:///{database}"), FixedClock(), Random(1))
    run_import(
        journal, KilledFile(killed), Path(file), company="shop", site="w1",
        progress=lambda step, _done, _total: killed.at(step),
        rest=lambda _seconds: killed.at("between"),
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
