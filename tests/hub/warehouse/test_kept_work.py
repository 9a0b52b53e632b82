"""Work that waits for one person: somebody is reminded of it, and can give it to others."""

from __future__ import annotations

import pytest

from hub.db import fetch
from hub.devices import service as devices
from hub.errors import WrongState
from hub.floor_exceptions import FloorException
from hub.warehouse import dispatch, exceptions, planner
from hub.warehouse.clock_jumps import DAY_US, FollowJump
from hub.warehouse.kept_work import KEPT_MINUTES
from hub.warehouse.models import Assignment
from protocols.messages.events import AssignmentStarted, AssignmentSuspended, WorkRequested
from tests.hub.conftest import TestHub
from tests.hub.warehouse.picking import BINS, PERSON, Picking, released

MINUTE_MS = 60_000
OTHER = b"q" * 16


@pytest.fixture
def work(hub: TestHub) -> bytes:
    """One piece of READY work."""
    released(hub, {f"{BINS[0]}/MUG": 9}, {"MUG": 1})
    return bytes(Assignment.get().id)


def keep(hub: TestHub, work: bytes, person: bytes | None = PERSON) -> None:
    with hub.act() as act:
        dispatch.set_aside(act, work, person)


def wait(hub: TestHub, minutes: int) -> None:
    hub.clock.advance(ms=minutes * MINUTE_MS)
    while planner.step(hub.journal, hub.site):
        pass


def reminders(hub: TestHub) -> list[tuple[str, str]]:
    rows = fetch(
        hub.database,
        "SELECT state, resolution FROM floor_exception WHERE kind = 'WORK_KEPT' ORDER BY opened_at",
    )
    return [(state, resolution) for state, resolution in rows]


def settle(hub: TestHub, remedy: str) -> None:
    open_one = FloorException.get(
        (FloorException.kind == "WORK_KEPT") & (FloorException.state == "OPEN")
    )
    with hub.act() as act:
        exceptions.settle(act, bytes(open_one.id), remedy)


def test_a_supervisor_is_reminded_once_when_the_limit_is_over(hub: TestHub, work: bytes) -> None:
    keep(hub, work)
    wait(hub, KEPT_MINUTES - 1)
    assert reminders(hub) == []
    wait(hub, 1)
    wait(hub, KEPT_MINUTES)
    assert reminders(hub) == [("OPEN", "")]


def test_work_that_is_kept_for_nobody_is_no_matter(hub: TestHub, work: bytes) -> None:
    keep(hub, work)
    keep(hub, work, None)
    wait(hub, 2 * KEPT_MINUTES)
    assert reminders(hub) == []


@pytest.mark.parametrize("by_us", [-400 * DAY_US, DAY_US], ids=["400 days back", "a day ahead"])
def test_a_clock_that_is_set_neither_hurries_nor_delays_it(
    hub: TestHub, work: bytes, by_us: int
) -> None:
    keep(hub, work)
    hub.clock.advance(us=by_us)
    hub.journal.carry_out(FollowJump(by_us), site=hub.site, via="timer")
    wait(hub, KEPT_MINUTES - 1)
    assert reminders(hub) == []
    wait(hub, 1)
    assert reminders(hub) == [("OPEN", "")]


def test_it_is_over_when_the_person_asks_after_all(hub: TestHub, work: bytes) -> None:
    keep(hub, work)
    wait(hub, KEPT_MINUTES)
    Picking(hub).take_work()
    wait(hub, 0)
    assert reminders(hub) == [("RESOLVED", "GONE_ON")]


def test_taken_back_it_goes_to_whoever_asks_next(hub: TestHub, work: bytes) -> None:
    keep(hub, work, OTHER)
    asking = Picking(hub)
    asking.apply(WorkRequested(slots=6), assignment=False)
    wait(hub, KEPT_MINUTES)
    assert Assignment.get().device == "", "it is kept for somebody else"
    settle(hub, "take_back")
    wait(hub, 0)
    assert (Assignment.get().state, Assignment.get().device) == ("OFFERED", asking.device)


def test_kept_longer_the_next_reminder_comes_after_as_long_again(hub: TestHub, work: bytes) -> None:
    keep(hub, work)
    wait(hub, KEPT_MINUTES)
    settle(hub, "keep")
    wait(hub, KEPT_MINUTES - 1)
    assert reminders(hub) == [("RESOLVED", "kept longer")]
    wait(hub, 1)
    assert reminders(hub)[1:] == [("OPEN", "")]


def suspended(hub: TestHub) -> Picking:
    """The person went for a break in the middle of it."""
    picker = Picking(hub)
    picker.take_work()
    picker.apply(AssignmentStarted())
    picker.apply(AssignmentSuspended(reason="BREAK"))
    return picker


@pytest.mark.usefixtures("work")
def test_work_that_its_person_left_in_the_middle_counts_from_then_on(hub: TestHub) -> None:
    suspended(hub)
    wait(hub, KEPT_MINUTES)
    assert reminders(hub) == [("OPEN", "")]
    settle(hub, "take_back")
    assert Assignment.get().state == "READY"


@pytest.mark.usefixtures("work")
def test_what_lies_on_a_device_out_of_reach_with_its_person_may_be_under_way(hub: TestHub) -> None:
    with hub.act() as act:
        devices.add_device(act, "hh-1", "handheld", hub.random.randbytes)
    suspended(hub)
    is_at = "UPDATE device SET presence = ?, person = ? WHERE name = 'hh-1'"
    with hub.act() as act:
        assert act.tx.run(is_at, ("OFFLINE", PERSON)) == 1
    wait(hub, KEPT_MINUTES)
    assert reminders(hub) == []
    with hub.act() as act:
        act.tx.run(is_at, ("LEFT", None))
    wait(hub, 0)
    assert reminders(hub) == [("OPEN", "")]


def test_a_button_that_comes_too_late_says_so(hub: TestHub, work: bytes) -> None:
    keep(hub, work)
    wait(hub, KEPT_MINUTES)
    Picking(hub).take_work()
    for remedy in ("keep", "take_back"):
        with pytest.raises(WrongState):
            settle(hub, remedy)
