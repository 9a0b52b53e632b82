"""What a device holds and what the hub believes come together when the device comes on line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.outbox import OutboxMessage
from hub.verify.command import verify
from hub.warehouse import dispatch
from hub.warehouse.models import Assignment, WorkLine
from tests.hub.conftest import TestHub
from tests.hub.warehouse import picking
from tests.hub.warehouse.linked_handheld import Gateway, LinkedHandheld

BIN = "A-01-01-1"


class Story:
    """One tour over two bins in ANA's device; BEN has another device."""

    def __init__(self, hub: TestHub, folder: Path) -> None:
        self.hub = hub
        picking.released(hub, {f"{BIN}/MUG": 20, "A-02-01-1/BOWL": 20}, {"MUG": 3, "BOWL": 2})
        self.gateway = Gateway(hub)
        self.first = LinkedHandheld(self.gateway, folder, "h1")
        self.second = LinkedHandheld(self.gateway, folder, "h2")

    def log_in(self, device: LinkedHandheld, name: str = "ANA") -> None:
        device.come_on_line()
        device.log_in(self.gateway.badge_of(name))
        device.say("NEXT")

    def begin(self) -> None:
        """ANA has set up the cart and picked the mugs."""
        self.log_in(self.first)
        self.first.tote("T-1")
        self.pick("MUG", BIN, 3)

    def pick(self, sku: str, bin: str, units: int, device: LinkedHandheld | None = None) -> None:
        device = device or self.first
        device.bin(bin)
        device.scan(*[sku] * units)
        device.tote("T-1")

    @property
    def work(self) -> Assignment:
        return Assignment.get()

    def held(self, device: LinkedHandheld | None = None) -> list[tuple[str, int]]:
        works = (device or self.first).core.state.works
        return [(work.id, work.assignment.rev) for work in works]

    def states(self) -> dict[str, str]:
        """The lines of the first device, by article."""
        (work,) = self.first.core.state.works
        lines = zip(work.assignment.lines, work.progress.marks, strict=True)
        return {line.sku: mark.state for line, mark in lines}

    def agrees(self, device: LinkedHandheld | None = None) -> bool:
        device = device or self.first
        mine = (self.work.id.hex(), self.work.rev)
        return self.held(device) == [mine] and self.work.device == device.name

    def unanswered(self) -> int:
        states = OutboxMessage.state.in_(("UNSENT", "SENT"))
        return OutboxMessage.select().where(states).count()


@pytest.fixture
def story(hub: TestHub, tmp_path: Path) -> Story:
    return Story(hub, tmp_path)


def test_a_device_that_kept_its_work_hears_nothing_about_it(story: Story):
    story.begin()
    before = OutboxMessage.select().count()
    story.first.break_off()
    story.first.restart()
    story.first.come_on_line()
    assert story.agrees()
    assert OutboxMessage.select().count() == before
    assert story.work.state == "IN_PROGRESS"


def test_begun_work_of_a_device_that_lost_its_storage_comes_back_to_its_person(story: Story):
    story.begin()
    story.first.lose_storage()
    story.first.come_on_line()
    assert (story.held(), story.work.state, story.work.device) == ([], "READY", "")
    assert bytes(story.work.person) == story.gateway.people["ANA"]

    story.log_in(story.second, "BEN")
    assert story.held(story.second) == []
    story.log_in(story.first)
    assert story.agrees()
    assert story.states() == {"MUG": "DONE", "BOWL": "OPEN"}
    story.first.say("NEXT")
    story.pick("BOWL", "A-02-01-1", 2)
    story.first.say("DONE")
    assert story.work.state == "COMPLETED"
    assert picking.where_is(story.hub, "MUG") == {BIN: 17, "T-1": 3}
    assert picking.where_is(story.hub, "BOWL") == {"A-02-01-1": 18, "T-1": 2}
    assert verify(story.hub.database).ok


def test_work_not_begun_on_a_lost_storage_is_anybodys(story: Story):
    story.log_in(story.first)
    assert story.work.state == "ASSIGNED"
    story.first.lose_storage()
    story.first.come_on_line()
    assert (story.work.state, story.work.person) == ("READY", None)
    story.log_in(story.second, "BEN")
    assert story.agrees(story.second)


def test_an_older_image_of_the_storage_gets_the_lines_as_the_hub_knows_them(
    story: Story, tmp_path: Path
):
    story.log_in(story.first)
    story.first.tote("T-1")
    image = tmp_path / "image.db"
    story.first.core.outbox._db.execute("VACUUM INTO ?", (str(image),))
    story.pick("MUG", BIN, 3)
    story.first.break_off()
    story.first._path = image
    story.first.restart()
    story.first.come_on_line()
    story.first.break_off()
    story.first.come_on_line()
    assert story.agrees()
    assert story.states() == {"MUG": "DONE", "BOWL": "OPEN"}


def test_who_holds_what_was_given_to_another_lets_go(story: Story):
    story.begin()
    story.first.break_off()
    with story.hub.act() as act:
        dispatch.hand_over(act, story.work.id, "BY_SUPERVISOR")
    OutboxMessage.update(state="DROPPED").where(OutboxMessage.device == "h1").execute()
    story.log_in(story.second, "BEN")
    assert story.agrees(story.second)
    assert len(story.held(story.first)) == 1

    story.first.come_on_line()
    assert story.held(story.first) == []
    assert story.agrees(story.second)
    assert story.unanswered() == 0


def test_who_holds_work_that_is_over_lets_go(story: Story):
    story.begin()
    story.first.break_off()
    Assignment.update(state="COMPLETED").execute()
    story.first.come_on_line()
    assert story.held() == []
    assert story.work.state == "COMPLETED"


def test_who_holds_work_that_nobody_knows_lets_go(story: Story):
    """The hub was restored from a copy of before the wave."""
    story.begin()
    story.first.break_off()
    WorkLine.delete().execute()
    Assignment.delete().execute()
    story.first.come_on_line()
    assert story.held() == []
    assert story.unanswered() == 0


def test_an_older_revision_is_replaced(story: Story):
    story.begin()
    story.first.break_off()
    with story.hub.act() as act:
        dispatch.revise(act, story.work.id)
    OutboxMessage.update(state="DROPPED").where(OutboxMessage.state == "UNSENT").execute()
    assert not story.agrees()
    story.first.come_on_line()
    assert story.agrees()


def test_a_hub_that_was_set_back_takes_up_the_devices_revision(story: Story):
    story.begin()
    story.first.break_off()
    Assignment.update(rev=1).execute()
    held = story.held()[0][1]
    story.first.come_on_line()
    assert story.agrees()
    assert story.work.rev > held


def test_what_was_done_off_line_is_heard_before_anything_is_taken_back(story: Story):
    """The device finished its work off line: the hub is behind, not the device."""
    story.begin()
    story.first.break_off()
    story.first.has_radio = False
    story.pick("BOWL", "A-02-01-1", 2)
    story.first.say("DONE")
    assert (story.held(), story.work.state) == ([], "IN_PROGRESS")
    before = OutboxMessage.select().count()
    story.first.come_on_line()
    assert story.work.state == "COMPLETED"
    assert OutboxMessage.select().count() == before
    assert verify(story.hub.database).ok


def test_two_births_in_one_group_are_two_acts(story: Story):
    story.begin()
    story.first.break_off()
    Assignment.update(state="CANCELLED").execute()
    story.first.has_radio = True
    story.first.actions.append(story.first.core.link.birth(story.first.now()))
    story.first.come_on_line()
    assert story.held() == []
    assert verify(story.hub.database).ok
