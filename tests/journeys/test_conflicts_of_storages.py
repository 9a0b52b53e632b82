"""Back on line with another memory, or to a hub with another one: rows of docs/conflicts.md."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from edge.storage.outbox import SqliteOutbox
from edge.tones import Tone
from hub.backup.restoring import become_another
from hub.db import fetch
from hub.devices import service as devices
from hub.devices.models import DeviceEpoch, DeviceEvent
from hub.warehouse.models import Assignment, WorkLine
from protocols.barcodes import bin_label
from protocols.envelope import Event, encode_event
from tests.journeys.floor_in_time import BIN, HOUR_S, OTHER_BIN, FloorInTime, Hand

DAY_US = 24 * 3_600 * 1_000_000


def beginning(folder: Path) -> FloorInTime:
    """One order of three mugs and two bowls; ANA has the work, and the cart is set up."""
    floor = FloorInTime(folder, {f"{BIN}/MUG": 20, f"{OTHER_BIN}/BOWL": 20}, {"MUG": 3, "BOWL": 2})
    floor.first.log_in()
    floor.first.tote("T-1")
    floor.run()
    return floor


@pytest.fixture
def floor(tmp_path: Path) -> FloorInTime:
    return beginning(tmp_path)


def finish(hand: Hand) -> None:
    hand.pick("MUG", BIN, 3)
    hand.pick("BOWL", OTHER_BIN, 2)
    hand.say("DONE")


def throw_away(floor: FloorInTime) -> None:
    """The first device goes off for good, and says nothing of it."""
    floor.first.machine.switch_radio(is_on=False)
    assert floor.first.machine.core is not None
    floor.first.machine.core.outbox.close()
    floor.run(1.0)


def card_of(floor: FloorInTime, name: str) -> Path:
    """A copy of the first device's memory card as it is now."""
    assert isinstance(floor.first.machine.core.outbox, SqliteOutbox)
    copy = floor.folder / name
    floor.first.machine.core.outbox._db.execute("VACUUM INTO ?", (str(copy),))
    return copy


# --- the device's memory --------------------------------------------------------------------------


@pytest.mark.conflict("STORAGE_LOST")
def test_another_card_gets_the_work_again_at_the_same_line(floor: FloorInTime):
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    throw_away(floor)
    floor.first = floor.switch_on("h1", "another.db")
    floor.run()
    floor.first.log_in("ANA")
    floor.first.say("NEXT")
    floor.run()
    assert floor.first.view.rows[0].text == OTHER_BIN
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("EVENTS_LOST")
def test_events_that_the_lost_card_had_told_of_are_named(floor: FloorInTime):
    floor.broker.kill()
    floor.first.pick("MUG", BIN, 3)
    _report(floor, floor.first.events())
    throw_away(floor)
    floor.broker.start()
    floor.run(600)
    floor.first = floor.switch_on("h1", "another.db")
    floor.run()
    assert floor.open() == ["LOST_RANGE"]
    floor.assert_nothing_waits()


def _report(floor: FloorInTime, told: int) -> None:
    """The last telemetry came through, and the events behind it did not."""
    floor.database.execute_sql(
        "UPDATE device SET report_epoch = epoch, report_seq = ? WHERE name = 'h1'", (told,)
    )


@pytest.mark.conflict("STORAGE_SET_BACK")
def test_an_older_copy_of_the_card_is_brought_up_to_what_the_hub_knows(floor: FloorInTime):
    copy = card_of(floor, "older.db")
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    throw_away(floor)
    floor.first = floor.switch_on("h1", copy.name)
    floor.run(600)
    floor.first.machine.switch_radio(is_on=False)
    floor.run(5)
    floor.first.come_back()
    marks = [mark.state for mark in floor.first.works[0].progress.marks]
    assert sorted(marks) == ["DONE", "OPEN"]
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("STORAGE_CLONED")
def test_a_key_that_was_used_for_something_else_is_set_aside(floor: FloorInTime):
    """Two devices went on from one card; what both did under the same keys is looked at."""
    copy = card_of(floor, "copy.db")
    finish(floor.first)
    floor.run()
    throw_away(floor)
    clone = floor.switch_on("h1", copy.name)
    clone.machine.switch_radio(is_on=False)
    clone.say("HELP")
    floor.first = clone
    floor.first.come_back()
    assert floor.open() == ["PARKED_EVENT"]
    assert floor.stages() == {"picked": 5}
    assert floor.where_is("MUG") == {BIN: 17, "T-1": 3}


@pytest.mark.conflict("DOUBLE_ENROLMENT")
def test_two_devices_of_one_name_are_noticed_and_nothing_counts_twice(floor: FloorInTime):
    twin = floor.switch_on("h1", "twin.db")
    floor.run(5)
    floor.first.come_back()
    floor.first.machine.switch_radio(is_on=False)
    floor.run(5)
    twin.machine.switch_radio(is_on=False)
    floor.first.come_back()
    assert "DEVICE_TWICE" in floor.open()
    assert floor.stages() == {"released": 5}


# --- the hub's memory -----------------------------------------------------------------------------


def set_back(floor: FloorInTime, copy: Path) -> None:
    """The hub's database is put back as it was when the copy was made, as a restore does it."""
    floor.gateway.kill()
    source = sqlite3.connect(copy)
    source.backup(floor.database.connection())
    source.close()
    become_another(floor.journal, floor.site, 0)
    floor.run(700)


def backup(floor: FloorInTime) -> Path:
    copy = floor.folder / "backup.db"
    floor.database.execute_sql("VACUUM INTO ?", (str(copy),))
    return copy


@pytest.mark.conflict("HUB_SET_BACK")
def test_a_hub_that_was_set_back_hears_again_what_it_misses(floor: FloorInTime):
    copy = backup(floor)
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    before = DeviceEvent.select().count()
    set_back(floor, copy)
    assert DeviceEvent.select().count() == before
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("WORK_UNKNOWN")
def test_goods_of_work_that_the_hub_forgot_are_in_the_tote_by_the_books_too(floor: FloorInTime):
    floor.first.go_away()
    floor.first.pick("MUG", BIN, 3)
    floor.first.say("UNDO")
    floor.first.tote("T-1")
    WorkLine.delete().execute()
    Assignment.delete().execute()
    floor.first.come_back()
    assert floor.first.works == ()
    assert floor.where_is("MUG") == {BIN: 17, "T-1": 3}
    assert floor.open() == ["PUT_BACK"]
    assert floor.first.machine.core.outbox.depth == 0


@pytest.mark.conflict("EVENTS_PRUNED")
def test_what_the_device_keeps_no_longer_is_a_gap_with_a_name(floor: FloorInTime):
    copy = backup(floor)
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    last = floor.first.events()
    core = floor.first.machine.core
    assert core is not None
    assert core.outbox.prune(floor.clock.now_us() + DAY_US)
    set_back(floor, copy)
    assert floor.open() == ["LOST_RANGE"]
    (upto,) = fetch(floor.database, "SELECT upto FROM device_epoch")[0]
    assert upto >= last


# --- the device itself ----------------------------------------------------------------------------


@pytest.mark.conflict("DEVICE_RETIRED")
def test_a_retired_device_keeps_its_rows_and_somebody_is_told(floor: FloorInTime):
    floor.first.go_away()
    finish(floor.first)
    with floor.act() as act:
        devices.retire_device(act, "h1")
    floor.run(HOUR_S)
    assert "LEASE_EXPIRED" in floor.open()
    floor.first.come_back()
    assert "REFUSED_MESSAGE" in floor.open()
    assert floor.first.machine.core.outbox.depth > 0
    assert floor.stages() == {"released": 5}


@pytest.mark.conflict("POISON_EVENT")
def test_an_event_that_nobody_can_carry_out_holds_up_nothing(floor: FloorInTime):
    core = floor.first.machine.core
    assert core is not None
    floor.first.go_away()
    outbox = core.outbox
    odd = Event(
        v=1, dev="h1", epoch=outbox.epoch, boot=1, seq=outbox.last_seq + 1,
        at=floor.clock.now_us(), at_quality="synced", mono_ms=1, type="DanceTango",
        data=msgspec.Raw(b"{}"),
    )  # fmt: skip
    outbox.append([encode_event(odd)], {}, floor.clock.now_us())
    finish(floor.first)
    floor.first.come_back()
    assert floor.open() == ["PARKED_EVENT"]
    assert (floor.work.state, floor.stages()) == ("COMPLETED", {"picked": 5})
    assert "The supervisor must look at" in floor.first.view.message or core.link.parked
    floor.assert_nothing_waits()


@pytest.mark.conflict("CLOCK_WRONG")
def test_events_of_a_device_without_the_time_count_with_its_best_guess(floor: FloorInTime):
    """It boots in 1970 and out of reach; everything counts, behind what it did before."""
    floor.first.go_away()
    floor.first.power_cut()
    core = floor.first.machine.core
    assert core is not None
    core.keeper.__init__()  # as after a boot with an empty clock
    core.keeper.begin(floor.clock.now()._replace(utc_us=5_000_000), core.outbox.last_at_us)
    finish(floor.first)
    floor.first.come_back()
    rows = fetch(
        floor.database, "SELECT at FROM device_event WHERE type = 'PickConfirmed' ORDER BY seq"
    )
    known = fetch(floor.database, "SELECT at FROM device_event WHERE type = 'ToteAssigned'")
    assert all(at > known[0][0] for (at,) in rows)
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("OUTBOX_FULL")
def test_a_full_outbox_takes_no_more_and_has_lost_nothing(tmp_path: Path):
    floor = FloorInTime(
        tmp_path, {f"{BIN}/MUG": 20, f"{OTHER_BIN}/BOWL": 20}, {"MUG": 3, "BOWL": 2}, capacity=6
    )
    floor.first.log_in()
    floor.run()
    floor.first.go_away()
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.first.scan(bin_label(OTHER_BIN))
    assert (floor.first.view.mood, floor.first.machine.tone) == ("ALERT", Tone.ALERT)
    floor.first.come_back()
    assert floor.stages() == {"picked": 3, "released": 2}
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    assert DeviceEpoch.select().count() >= 1
    floor.assert_nothing_waits()
