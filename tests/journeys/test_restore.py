"""A hub is lost and set back to an older backup; devices bring back what it misses.

In virtual time with the real cores: the whole hall works on, and in the end the books are those of
the world, as if nothing had been lost.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hub.backup.restoring import become_another
from hub.db import fetch
from hub.floor_exceptions import FloorException
from hub.opening import open_scratch
from hub.replaying.replay import replay
from simulators.virtual.faults import FaultPlan
from simulators.virtual.shift import Shift, ShiftPlan
from tests.journeys.floor_in_time import BIN, HOUR_S, FloorInTime


class Loss:
    """A backup after some picks; the hub is lost some picks later."""

    def __init__(self, shift: Shift, backup_after: int, lost_after: int) -> None:
        self.shift, self._backup_after, self._lost_after = shift, backup_after, lost_after
        self._backup: sqlite3.Connection | None = None
        self.backup_of = 0
        self.lost: list[tuple[str, str]] = []
        """(act, via) of the rows that the backup has not."""
        shift.world.after(1.0, self._look)

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return fetch(self.shift.journal.database, sql, values)

    def _look(self) -> None:
        picks = int(str(self._rows("SELECT COUNT(*) FROM movement WHERE reason = 'pick'")[0][0]))
        if self._backup is None and picks >= self._backup_after:
            self._back_up()
        if picks < self._lost_after:
            self.shift.world.after(1.0, self._look)
        else:
            self._lose()

    def _back_up(self) -> None:
        self._backup = sqlite3.connect(":memory:")
        self.shift.journal.database.connection().backup(self._backup)
        self.backup_of = int(str(self._rows("SELECT MAX(position) FROM journal")[0][0]))

    def _lose(self) -> None:
        assert self._backup is not None
        sql = "SELECT act, via FROM journal WHERE position > ?"
        self.lost = [(str(act), str(via)) for act, via in self._rows(sql, self.backup_of)]
        self.shift.gateway.kill()
        self._backup.backup(self.shift.journal.database.connection())
        become_another(self.shift.journal, self.shift.config.site, 0)


FAULTS = FaultPlan(("gateway", "agent", "radio"), mean_s=60.0)


@pytest.mark.parametrize(
    ("seed", "backup_after", "lost_after", "faults"),
    [(3, 1, 30, FaultPlan()), (4, 10, 40, FaultPlan()), (6, 5, 35, FAULTS)],
)
def test_picks_since_the_backup_come_back_by_themselves(
    seed: int, backup_after: int, lost_after: int, faults: FaultPlan, tmp_path: Path
) -> None:
    shift = Shift(ShiftPlan(seed=seed, orders=6, pickers=2, faults=faults), tmp_path)
    loss = Loss(shift, backup_after, lost_after)
    report = shift.run()
    print(report, loss.lost)
    picks = sum(1 for act, _ in loss.lost if act == "PickConfirmed")
    assert picks >= lost_after - backup_after - 1
    assert not [act for act, via in loss.lost if via == "page"]
    assert report.is_done
    assert (report.orders_shipped, report.events_lost, report.events_doubled) == (6, 0, 0)
    assert (report.world_mismatch, report.verify) == (0, "ok")
    assert not FloorException.select().where(FloorException.kind == "LOST_RANGE")
    assert replay(shift.journal.database, open_scratch(tmp_path / "again.db")).difference is None


# --- why the restored hub says that it is another ------------------------------------------------


def set_back_under_a_quiet_device(folder: Path, *, says_so: bool) -> FloorInTime:
    """ANA picked, the hub has acknowledged all of it, and she is at lunch; then the hub comes back
    from a backup of before. `says_so`: as a restore does, under another hub epoch.
    """
    floor = FloorInTime(folder, {f"{BIN}/MUG": 20}, {"MUG": 3})
    floor.first.log_in()
    backup = sqlite3.connect(":memory:")
    floor.database.connection().backup(backup)
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    core = floor.first.machine.core
    assert core is not None
    assert core.outbox.depth == 0, "the device has marked every row as delivered"
    assert floor.where_is("MUG") == {BIN: 17, "T-1": 3}
    floor.gateway.kill()
    backup.backup(floor.database.connection())
    if says_so:
        become_another(floor.journal, floor.site, 0)
    floor.run(2 * HOUR_S)
    return floor


def test_a_device_with_nothing_to_say_sends_again_what_a_restored_hub_misses(tmp_path: Path):
    floor = set_back_under_a_quiet_device(tmp_path, says_so=True)
    assert floor.where_is("MUG") == {BIN: 17, "T-1": 3}
    assert (floor.stages(), floor.open()) == ({"picked": 3}, [])
    floor.assert_nothing_waits()


def test_without_another_hub_epoch_a_quiet_device_would_keep_it_to_itself(tmp_path: Path):
    """The counter-proof: nothing else brings those picks back until somebody scans again."""
    floor = set_back_under_a_quiet_device(tmp_path, says_so=False)
    assert floor.where_is("MUG") == {BIN: 20}
    assert floor.stages() == {"released": 3}
