"""The ideal ledger sees what it is for: each story tampers with the books of a small site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.db import proxy
from simulators.campaigns.faults.ledger import Audit, audit, ideal_of
from simulators.virtual.shift import Shift, ShiftPlan


class Finished:
    """A shift that went well, with outboxes in files."""

    def __init__(self, folder: Path) -> None:
        plan = ShiftPlan(seed=7, orders=6, pickers=2)
        plan = plan._replace(faults=plan.faults._replace(kinds=("agent",), mean_s=1e9))
        self.shift = Shift(plan, folder)
        self.shift.run()
        self.database = self.shift.journal.database
        self.site = self.shift.config.site
        files = [(one.name, folder / f"{one.name}.db") for one in self.shift.devices]
        self.ideal = ideal_of(self.site, files)

    def audit(self) -> Audit:
        return audit(self.database, self.site, self.ideal)

    def run(self, sql: str) -> None:
        assert self.database.execute_sql(sql).rowcount > 0

    def a_pick(self) -> str:
        return min(self.ideal.picks)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("shift"))


@pytest.fixture
def done(whole: Finished) -> Iterator[Finished]:
    """Whatever a story writes into the database is rolled back."""
    proxy.initialize(whole.database)
    with whole.database.atomic() as transaction:
        yield whole
        transaction.rollback()


def test_books_that_are_true_are_clean(done: Finished):
    found = done.audit()
    assert found.is_clean, found.details
    assert found.sent == len(done.ideal.sent) > 100
    assert len(done.ideal.picks) > 10


def test_an_event_that_the_hub_does_not_have_is_lost(done: Finished):
    done.run("DELETE FROM device_event WHERE seq = 3 AND device = 'handheld-1'")
    found = done.audit()
    assert found.lost >= 1
    assert "does not have it" in found.details[0]


def test_an_applied_event_whose_units_never_moved_is_lost(done: Finished):
    done.run(f"DELETE FROM movement WHERE cause = '{done.a_pick()}'")
    assert done.audit().lost == 1


def test_units_that_moved_twice_are_doubled(done: Finished):
    done.run(
        f"UPDATE movement SET quantity = quantity * 2 WHERE cause = '{done.a_pick()}' "
        "AND reason = 'pick'"
    )
    assert done.audit().doubled == 1


def test_a_wrong_balance_is_named_by_its_place(done: Finished):
    done.run(
        "UPDATE balance SET on_hand = on_hand + 1 WHERE id = (SELECT b.id FROM balance b "
        "JOIN place p ON p.id = b.place WHERE p.kind = 'BIN' AND b.on_hand > 0 LIMIT 1)"
    )
    found = done.audit()
    assert found.balance_mismatch == 1
    assert "in the books" in found.details[0]


def test_picked_units_that_are_on_no_line_are_seen(done: Finished):
    done.run(f"DELETE FROM line_move WHERE cause = '{done.a_pick()}' AND to_stage = 'picked'")
    assert done.audit().line_mismatch == 1


def test_an_event_that_waits_for_a_person_is_neither_lost_nor_doubled(done: Finished):
    key = min(done.ideal.sent - done.ideal.picks.keys() - done.ideal.undone.keys())
    device, epoch, seq = key.split("/")
    done.run(
        "UPDATE device_event SET state = 'PARKED' "
        f"WHERE device = '{device}' AND epoch = '{epoch}' AND seq = {seq}"
    )
    found = done.audit()
    assert (found.parked, found.is_clean) == (1, True)
