"""The audit notices what it is for: each story tampers with a finished shift, and undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.db import fetch, proxy
from simulators import checkers
from simulators.checkers import WorldCheck
from simulators.truth import CUSTOMER
from simulators.virtual.shift import Shift, ShiftPlan, ShiftReport


class Finished:
    """A small shift that went well, and its databases."""

    def __init__(self, folder: Path) -> None:
        self.shift = Shift(ShiftPlan(seed=7, orders=6, pickers=2), folder)
        self.report: ShiftReport = self.shift.run()
        self.database = self.shift.journal.database
        self.site = self.shift.config.site
        self.sent = checkers.sent_by_cores(self.shift.devices)

    def world(self) -> WorldCheck:
        return checkers.compare_world(self.database, self.site, self.shift.hall.truth)

    def run(self, sql: str) -> None:
        self.database.execute_sql(sql)


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


def test_a_shift_that_went_well_has_nothing_to_report(done: Finished) -> None:
    report = done.report
    assert report.is_done
    assert report.orders_shipped == 6
    assert (report.events_lost, report.events_doubled, report.world_mismatch) == (0, 0, 0)
    assert report.verify == "ok"
    assert report.events_sent == len(done.sent) > 100
    assert report.walked_m > 0
    assert checkers.still_to_ship(done.database, done.site) == 0


def test_an_event_that_the_hub_lacks_is_lost(done: Finished) -> None:
    done.run("DELETE FROM device_event WHERE seq = 3 AND device = 'handheld-1'")
    found = checkers.check_events(done.database, done.site, done.sent)
    assert (found.lost, found.doubled) == (1, 0)


def test_a_pick_that_moved_twice_what_it_says_is_doubled(done: Finished) -> None:
    done.run(
        "INSERT INTO movement SELECT site, position + 1000000, cause, n + 1000, company, item, lot,"
        " owner, quantity, from_place, from_lpn, from_status, to_place, to_lpn, to_status,"
        " value_micros, reason, actor, occurred_at, recorded_at, hash, checksum FROM movement"
        " WHERE reason = 'pick' ORDER BY position LIMIT 1"
    )
    assert checkers.check_events(done.database, done.site, done.sent).doubled == 1


def test_a_piece_in_another_place_than_the_books_say_is_a_mismatch(done: Finished) -> None:
    truth = done.shift.hall.truth
    spot, item = next(key for key in done.shift.furnished.books if truth.count(*key) > 0)
    before = done.world()
    truth.move(spot, ("HAND", "THIEF"), item, 1)
    found = done.world()
    truth.move(("HAND", "THIEF"), spot, item, 1)
    assert found.mismatches == before.mismatches + 2
    assert any("HAND THIEF" in detail for detail in found.details)


def test_a_parcel_with_another_piece_than_the_books_say_is_a_mismatch(done: Finished) -> None:
    truth = done.shift.hall.truth
    item = next(iter(truth.of(CUSTOMER)))
    truth.move(CUSTOMER, ("PARCEL", "X"), item, 1)
    found = done.world().mismatches
    truth.move(("PARCEL", "X"), CUSTOMER, item, 1)
    assert found == 2


def test_what_an_open_exception_names_is_no_mismatch(done: Finished) -> None:
    truth = done.shift.hall.truth
    (kind, code), item = next(key for key in done.shift.furnished.books if truth.count(*key) > 0)
    place = fetch(done.database, "SELECT id FROM place WHERE kind = ? AND code = ?", (kind, code))[
        0
    ][0]
    done.database.execute_sql(
        "INSERT INTO floor_exception (id, site, kind, state, place, item, device, quantity, "
        '"values", cause, opened_at, occurred_at, resolution) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (b"x" * 16, done.site, "SHORT_PICK", "OPEN", place, item, "", 1, b"{}", "test", 0, 0, ""),
    )
    before = done.world()
    truth.move((kind, code), ("HAND", "THIEF"), item, 1)
    found = done.world()
    truth.move(("HAND", "THIEF"), (kind, code), item, 1)
    assert (found.mismatches, found.open) == (before.mismatches + 1, before.open + 1)


def test_a_seeded_difference_that_work_has_changed_is_a_mismatch(done: Finished) -> None:
    truth = done.shift.hall.truth
    left = [
        (key, more) for key, more in truth.seeded.items() if more and truth.count(*key) > 0
    ]  # fmt: skip
    before = done.world()
    assert before.undiscovered > 0
    (spot, item), _ = left[0]
    truth.move(spot, ("HAND", "THIEF"), item, 1)
    found = done.world()
    truth.move(("HAND", "THIEF"), spot, item, 1)
    assert found.undiscovered == before.undiscovered - 1
    assert found.mismatches == before.mismatches + 2
