"""Counts as of a moment: they wait for what devices have yet to say, and come out right."""

from __future__ import annotations

import os
from typing import Any

import pytest

from hub.desk import service as desk
from hub.devices import queries as devices
from hub.devices import service as device_service
from hub.errors import BadValue, WrongState
from hub.floor_exceptions import FloorException, open_exception
from hub.inventory.models import Balance
from hub.inventory.posting import Goods, Where, balance_id, place_id
from hub.outbox import OutboxMessage
from hub.verify.command import verify
from hub.warehouse import counts, exceptions, pick_events, planner
from hub.warehouse.count_models import BinCount
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command, OfferAssignment, command_data
from protocols.messages.events import EventData, PickConfirmed, PickShorted, WorkRequested
from protocols.messages.presence import HeldAssignment, Telemetry
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor
from tests.hub.warehouse import picking
from tests.hub.warehouse.picking import Picking
from tests.hub.warehouse.test_exceptions import settle

BIN = "A-01-01-1"


class Hall:
    """A bin of ten mugs, and a device that is told of by what it says."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub
        self.floor = Floor(hub)
        self.floor.handlers |= pick_events.HANDLERS
        self.seq = 0
        self.unsent: list[Any] = []
        picking.released(hub, {f"{BIN}/MUG": 10}, {"MUG": 6})
        self.add("h1")
        self.device = Device(self.floor)
        self.picking = Picking(hub, "h1")
        self.floor.hear(self.birth())
        self.do(WorkRequested(slots=6))
        self.send()
        offer = OutboxMessage.get(OutboxMessage.type == "OfferAssignment")
        data = command_data(decode(Command, bytes(offer.payload)))
        assert isinstance(data, OfferAssignment)
        self.work = data.assignment

    def add(self, name: str) -> None:
        with self.hub.act() as act:
            device_service.add_device(act, name, "handheld", os.urandom)

    def birth(self, presence: str = "ONLINE", **more: Any) -> Any:
        """What the device says of itself now."""
        facts = {"seq": self.seq, "at": self.now(), "outbox_depth": len(self.unsent), **more}
        return self.device.birth("s1", presence, **facts)

    def telemetry(self) -> Any:
        self.pause()
        body = Telemetry(
            v=1, at=self.now(), epoch="e1", seq=self.seq, outbox_depth=len(self.unsent)
        )
        return self.device.on("tlm", encode(body))

    def now(self) -> int:
        return self.hub.clock.now_us()

    def pause(self, ms: int = 1_000) -> int:
        """Time passes; returns the moment in the middle of it."""
        self.hub.clock.advance(ms=ms)
        middle = self.now()
        self.hub.clock.advance(ms=ms)
        return middle

    def do(self, data: EventData) -> None:
        """Something happens at the device; it is told when `send` says so."""
        self.pause()
        self.seq += 1
        work = None if isinstance(data, WorkRequested) else self.work.id
        event = Event(
            v=1, dev="h1", epoch="e1", boot=1, seq=self.seq, at=self.now(), at_quality="synced",
            mono_ms=0, type=type(data).__name__, data=encode_data(data),
            actor=picking.PERSON.hex(), assignment=work,
        )  # fmt: skip
        self.unsent.append(self.device.on("evt", encode_event(event)))

    def pick(self, quantity: int) -> None:
        line = self.work.lines[0]
        self.do(PickConfirmed(line=line.id, bin=BIN, item=line.item, quantity=quantity, tote="T1"))

    def short(self) -> None:
        line = self.work.lines[0]
        self.do(PickShorted(line=line.id, bin=BIN, item=line.item, quantity=0, reason="EMPTY"))

    def send(self) -> None:
        """Everything that was kept back arrives."""
        self.floor.hear(*self.unsent)
        self.unsent = []

    def lose_radio(self) -> None:
        self.floor.hear(self.device.birth("s1", "OFFLINE"))

    def come_back(self) -> None:
        """The device is on line again and says everything."""
        self.pause()
        self.floor.hear(self.birth())
        self.send()

    def doubt(self) -> bytes:
        """A supervisor has a reason to count the bin, which changed nothing."""
        with self.hub.act() as act:
            return open_exception(
                act, "SHORT_PICK", place=self.place, item=self.item, quantity=0, reason="EMPTY"
            )

    def count(self, seen: int, **answers: object) -> bytes:
        """Somebody counts; returns the exception that it answers."""
        id = self.doubt()
        settle(self.hub, id, "count", quantity=seen, **answers)
        return id

    def plan(self) -> None:
        self.pause()
        while planner.step(self.hub.journal, self.hub.site):
            pass

    @property
    def place(self) -> bytes:
        return place_id(self.hub.site, "BIN", BIN)

    @property
    def item(self) -> bytes:
        return builders.item(self.hub, "MUG")

    def in_bin(self) -> dict[str, int]:
        found = picking.where_is(self.hub, "MUG")
        return {where: units for where, units in found.items() if where.startswith(BIN)}

    def open(self) -> list[tuple[str, int]]:
        rows = FloorException.select().where(FloorException.state != "RESOLVED")
        return sorted((row.kind, row.quantity) for row in rows)

    def asked(self) -> int:
        return OutboxMessage.select().where(OutboxMessage.type == "ReportNow").count()


@pytest.fixture
def hall(hub: TestHub) -> Hall:
    return Hall(hub)


def state_of(id: bytes) -> str:
    return FloorException.get_by_id(id).state


def test_a_count_waits_for_picks_of_an_offline_device_and_settles_right(hall: Hall):
    """Ten booked; four are taken off line, and then somebody counts six; one more is taken."""
    hall.lose_radio()
    hall.pick(4)
    id = hall.count(6)
    hall.pick(1)
    hall.plan()
    assert state_of(id) == "WAITING"
    assert hall.in_bin() == {BIN: 10}
    assert [mark.device for mark in counts.waiting_for("w1", BinCount.get().as_of)] == ["h1"]
    assert hall.asked() == 0

    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {BIN: 5}
    assert hall.open() == []
    assert FloorException.get_by_id(id).resolution.startswith("6 counted: 0 found again, 0 lost")
    assert verify(hall.hub.database).ok


def test_a_wrong_bin_is_corrected_by_what_was_wrong_then(hall: Hall):
    hall.lose_radio()
    hall.pick(2)
    id = hall.count(7)
    hall.pick(1)
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {BIN: 6}
    assert " 1 lost, 0 more" in FloorException.get_by_id(id).resolution
    assert hall.open() == []
    assert verify(hall.hub.database).ok


def test_a_device_that_is_on_line_is_asked_and_the_count_settles_with_its_answer(hall: Hall):
    id = hall.count(10)
    assert state_of(id) == "WAITING"
    assert hall.asked() == 1
    hall.plan()
    assert state_of(id) == "WAITING"
    hall.floor.hear(hall.telemetry())
    hall.plan()
    assert state_of(id) == "RESOLVED"
    assert hall.asked() == 1


def test_a_device_whose_answer_was_lost_is_asked_again(hall: Hall):
    hall.count(10)
    OutboxMessage.update(state="ACCEPTED").where(OutboxMessage.type == "ReportNow").execute()
    hall.pause(counts.ASK_EVERY_US // 1_000)
    hall.plan()
    assert hall.asked() == 2


def test_the_watermark_follows_when_the_reported_events_arrive(hall: Hall):
    hall.lose_radio()
    hall.pick(1)
    hall.pick(1)
    hall.pause()
    reported_at = hall.now()
    hall.floor.hear(hall.birth())
    before = devices.watermark("w1")
    hall.floor.hear(hall.unsent[0])
    assert devices.watermark("w1") == before < reported_at
    hall.floor.hear(hall.unsent[1])
    assert devices.watermark("w1") == reported_at


def test_reports_say_nothing_while_rows_of_an_older_epoch_are_on_their_way(hall: Hall):
    before = devices.watermark("w1")
    hall.device.epoch = "e2"
    hall.seq = 0
    hall.pause()
    hall.floor.hear(hall.birth(outbox_depth=3))
    assert devices.watermark("w1") == before
    hall.floor.hear(hall.birth(at=hall.pause()))
    assert devices.watermark("w1") > before


def test_who_left_with_everything_sent_and_no_work_is_not_waited_for(hall: Hall):
    hall.floor.hear(hall.birth("LEFT", assignments=()))
    hall.pause()
    assert state_of(hall.count(9)) == "RESOLVED"
    assert devices.watermark("w1") is None


def test_who_left_with_work_in_hand_is_waited_for(hall: Hall):
    held = (HeldAssignment(hall.work.id, 1),)
    hall.floor.hear(hall.birth("LEFT", assignments=held))
    hall.pause()
    assert state_of(hall.count(9)) == "WAITING"


def test_who_left_without_saying_everything_is_waited_for(hall: Hall):
    hall.pick(2)
    hall.floor.hear(hall.birth("LEFT"))
    id = hall.count(8)
    assert state_of(id) == "WAITING"
    hall.send()
    hall.plan()
    assert (state_of(id), hall.in_bin()) == ("RESOLVED", {BIN: 8})


def test_a_retired_device_blocks_no_count(hall: Hall):
    hall.lose_radio()
    hall.pick(4)
    id = hall.count(6)
    with hall.hub.act() as act:
        device_service.retire_device(act, "h1")
    hall.plan()
    assert (state_of(id), hall.in_bin()) == ("RESOLVED", {BIN: 6})


def test_an_early_settlement_makes_a_new_discrepancy_of_what_is_told_later(hall: Hall):
    hall.lose_radio()
    hall.pick(4)
    id = hall.count(6)
    with pytest.raises(BadValue):
        settle(hall.hub, id, "early", text=" ")
    said = settle(hall.hub, id, "early", text="truck is waiting")
    assert said.endswith("early: truck is waiting")
    assert (state_of(id), hall.in_bin()) == ("RESOLVED", {BIN: 6})
    hall.pick(1)
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {BIN: 1}
    assert hall.open() == [("LATE_MOVES", -4)]
    settle(hall.hub, FloorException.get(FloorException.kind == "LATE_MOVES").id, "correct")
    assert hall.in_bin() == {BIN: 5}
    assert verify(hall.hub.database).ok


def test_after_an_early_settlement_units_beyond_the_books_are_a_discrepancy(hall: Hall):
    hall.lose_radio()
    hall.pick(4)
    settle(hall.hub, hall.count(0), "early", text="it is empty")
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {}
    assert hall.open() == [("UNEXPLAINED_STOCK", 4)]
    assert verify(hall.hub.database).ok


def test_an_early_settlement_of_which_nothing_comes_later_is_just_settled(hall: Hall):
    hall.lose_radio()
    settle(hall.hub, hall.count(9), "early", text="tired of waiting")
    assert BinCount.get().state == "EARLY"
    hall.come_back()
    hall.plan()
    assert (BinCount.get().state, hall.open()) == ("SETTLED", [])


def test_a_device_silent_for_a_week_is_not_waited_for_but_watched(hall: Hall):
    hall.lose_radio()
    hall.pick(4)
    hall.pause(counts.SILENT_US // 1_000)
    id = hall.count(6)
    assert (state_of(id), BinCount.get().state) == ("RESOLVED", "EARLY")
    hall.come_back()
    hall.plan()
    assert hall.open() == [("LATE_MOVES", -4)]


def test_what_was_doubted_after_the_count_stays_on_hold(hall: Hall):
    hall.lose_radio()
    id = hall.count(9)
    hall.short()
    hall.come_back()
    hall.plan()
    assert state_of(id) == "RESOLVED"
    assert hall.in_bin() == {f"{BIN} HOLD": 9}
    assert ("SHORT_PICK", 6) in hall.open()
    assert verify(hall.hub.database).ok


def test_what_was_doubted_before_the_count_is_answered_by_it(hall: Hall):
    hall.lose_radio()
    hall.short()
    hall.count(9)
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {BIN: 9}
    assert hall.open() == []


def test_more_taken_since_than_was_counted_is_unexplained(hall: Hall):
    hall.lose_radio()
    hall.count(2)
    hall.pick(5)
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {}
    assert hall.open() == [("UNEXPLAINED_STOCK", 3)]
    assert verify(hall.hub.database).ok


def test_units_beyond_the_books_are_explained_by_a_count_that_saw_them(hall: Hall):
    """Twelve counted although ten were booked; then all twelve are taken."""
    hall.lose_radio()
    hall.count(12)
    hall.pick(12)
    hall.come_back()
    hall.plan()
    assert hall.in_bin() == {}
    assert [kind for kind, _ in hall.open()] == ["PUT_BACK"]
    unexplained = place_id("w1", "UNEXPLAINED", "unexplained")
    assert sum(b.on_hand for b in Balance.select().where(Balance.place == unexplained)) == 0


def test_a_count_of_some_minutes_ago_is_compared_with_the_books_of_then(hall: Hall):
    hall.pause(600_000)
    hall.pick(2)
    hall.send()
    hall.pause(60_000)
    hall.floor.hear(hall.telemetry())
    id = hall.count(10, minutes=5)
    assert (state_of(id), hall.in_bin()) == ("RESOLVED", {BIN: 8})


def test_of_two_counts_the_later_one_counts(hall: Hall):
    hall.lose_radio()
    first = hall.count(9)
    hall.pause(120_000)
    second = hall.count(8)
    assert {row.counted: row.state for row in BinCount.select()} == {9: "DROPPED", 8: "WAITING"}
    with pytest.raises(WrongState):
        hall.count(7, minutes=1)
    hall.come_back()
    hall.plan()
    assert (state_of(first), state_of(second), hall.in_bin()) == ("RESOLVED", "RESOLVED", {BIN: 8})


def desk_count(hall: Hall, seen: int) -> Any:
    goods = Goods(hall.hub.company, hall.item)
    balance = Balance.get_by_id(balance_id("w1", goods, Where(hall.place)))
    with hall.hub.act() as act:
        return desk.count(act, balance.id, seen, "looked")


def test_a_correction_at_the_desk_waits_on_the_page_of_exceptions(hall: Hall):
    hall.lose_radio()
    hall.pick(4)
    taken = desk_count(hall, 5)
    assert (taken.waits_for, hall.open()) == (("h1",), [("COUNT_WAITING", 5)])
    hall.come_back()
    hall.plan()
    assert (hall.in_bin(), hall.open()) == ({BIN: 5}, [])


@pytest.mark.parametrize(
    ("way", "answers", "left"), [("forget", {}, 10), ("early", {"text": "sure"}, 5)]
)
def test_a_correction_that_waits_is_forgotten_or_settled(
    hall: Hall, way: str, answers: dict[str, str], left: int
):
    hall.lose_radio()
    desk_count(hall, 5)
    settle(hall.hub, FloorException.get(FloorException.kind == "COUNT_WAITING").id, way, **answers)
    hall.plan()
    assert (hall.in_bin(), hall.open()) == ({BIN: left}, [])


def test_while_a_count_waits_only_what_fits_can_be_pressed(hall: Hall):
    hall.lose_radio()
    id = hall.count(9)
    names = [way.name for way in exceptions.remedies_for("SHORT_PICK", 1, {}, "WAITING")]
    assert names == ["count", "early"]
    with pytest.raises(WrongState):
        settle(hall.hub, id, "not_short")
    assert state_of(id) == "WAITING"


def test_a_count_that_comes_from_nowhere_is_refused(hall: Hall):
    with hall.hub.act() as act, pytest.raises(BadValue):
        counts.take(act, hall.place, hall.item, 3, as_of=act.now_us + 1)
    with hall.hub.act() as act, pytest.raises(BadValue):
        counts.take(act, hall.place, hall.item, -1)
