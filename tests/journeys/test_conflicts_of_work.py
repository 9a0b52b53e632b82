"""Back on line, and the work is not what it was: rows of docs/conflicts.md about work, leases and
people. Each test is named in the table by its marker.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.db import fetch
from hub.staff import service as staff
from hub.warehouse import dispatch, service
from hub.warehouse.models import Assignment, Wave
from hub.warehouse.reserve_setting import LEASE_US
from protocols.pin_verifier import make
from tests.journeys.floor_in_time import BIN, HOUR_S, OTHER_BIN, FloorInTime

LEASE_S = LEASE_US / 1_000_000
MUGS, BOWLS = {f"{BIN}/MUG": 20}, {f"{OTHER_BIN}/BOWL": 20}


def beginning(folder: Path) -> FloorInTime:
    """One tour: three mugs and two bowls."""
    return FloorInTime(folder, MUGS | BOWLS, {"MUG": 3, "BOWL": 2})


@pytest.fixture
def floor(tmp_path: Path) -> FloorInTime:
    return beginning(tmp_path)


def given(floor: FloorInTime) -> None:
    """ANA has the work and has not begun it."""
    floor.first.log_in()
    assert floor.work.state == "ASSIGNED"


def begun(floor: FloorInTime) -> None:
    """ANA has set up the cart; the hub knows it."""
    given(floor)
    floor.first.tote("T-1")
    assert floor.work.state == "IN_PROGRESS"


def finish(floor: FloorInTime) -> None:
    floor.first.pick("MUG", BIN, 3)
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")


def revoke(floor: FloorInTime) -> None:
    with floor.act() as act:
        dispatch.revoke(act, floor.work.id, "needed elsewhere")


def hand_over(floor: FloorInTime) -> None:
    """A supervisor does not wait; BEN has the work then."""
    with floor.act() as act:
        dispatch.hand_over(act, floor.work.id, "BY_SUPERVISOR")
    floor.second.log_in("BEN")
    floor.run()
    assert floor.work.device == "h2"


# --- taken away meanwhile -------------------------------------------------------------------------


@pytest.mark.conflict("REVOKED_NOT_BEGUN")
def test_work_not_begun_is_given_back(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    revoke(floor)
    floor.run(HOUR_S)
    assert floor.work.device == "h1"
    floor.first.come_back()
    assert floor.work.rev > 2
    assert floor.open() == []
    floor.assert_nothing_waits()


@pytest.mark.conflict("REVOKED_BEGUN")
def test_what_was_picked_counts_and_the_rest_goes_to_others(floor: FloorInTime):
    begun(floor)
    floor.first.go_away()
    revoke(floor)
    floor.first.pick("MUG", BIN, 3)
    floor.first.say("LOGOUT")
    floor.second.log_in("BEN")
    floor.first.come_back()
    assert (floor.work.device, floor.stages()) == ("h2", {"picked": 3, "released": 2})
    assert floor.second.view.phase == "BIN", "the cart of the first goes on as it stands"
    floor.second.pick("BOWL", OTHER_BIN, 2)
    floor.second.say("DONE")
    floor.run()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("REVOKED_FINISHED")
def test_work_that_is_done_already_is_not_taken_back(floor: FloorInTime):
    begun(floor)
    floor.first.go_away()
    revoke(floor)
    finish(floor)
    floor.first.come_back()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("RESERVE_ASKED_BACK_BEGUN")
def test_reserve_that_was_begun_stays(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    with floor.act() as act:
        assert dispatch.share_reserve(act, _asks(floor.work.id)) == 1
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.first.come_back()
    assert (floor.work.state, floor.work.device) == ("IN_PROGRESS", "h1")
    assert floor.work.asked_back_at is None
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.open()) == ("COMPLETED", [])
    floor.assert_nothing_waits()


def _asks(id: bytes):  # type: ignore[no-untyped-def]  # a plan
    from hub.warehouse.reserve import ReservePlan

    return ReservePlan((), (id,))


@pytest.mark.conflict("GIVEN_TO_ANOTHER")
def test_who_has_not_begun_lets_go_of_what_another_has(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    hand_over(floor)
    floor.first.come_back()
    assert floor.first.works == ()
    assert (floor.work.device, floor.open()) == ("h2", [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("PICKED_BY_ANOTHER")
def test_what_two_have_picked_is_there_twice_and_put_back_once(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    hand_over(floor)
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.second.tote("T-2")
    floor.second.pick("MUG", BIN, 3, "T-2")
    floor.first.come_back()
    assert floor.stages() == {"picked": 3, "released": 2}
    assert floor.where_is("MUG") == {BIN: 14, "T-1": 3, "T-2": 3}
    assert floor.open() == ["PUT_BACK"], "that two were at it needs nobody: the first has let go"
    floor.second.pick("BOWL", OTHER_BIN, 2, "T-2")
    floor.second.say("DONE")
    floor.run()
    assert floor.work.state == "COMPLETED"
    floor.assert_nothing_waits()


@pytest.mark.conflict("OFFER_ANSWER_LOST")
def test_an_offer_that_was_taken_unheard_is_somebody_elses_by_now(floor: FloorInTime):
    floor.second.log_in("BEN")
    floor.second.say("LOGOUT")
    floor.first.log_in()
    floor.first.go_away()
    Assignment.update(state="OFFERED", lease_until=floor.clock.now_us() + 120_000_000).execute()
    floor.run(180)
    assert floor.work.state == "READY"
    floor.second.log_in("BEN")
    floor.run()
    floor.first.come_back()
    assert floor.first.works == ()
    assert (floor.work.device, floor.open()) == ("h2", [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("WAVE_HELD")
def test_begun_work_of_a_held_wave_is_finished_and_reserve_comes_back(tmp_path: Path):
    floor = FloorInTime(tmp_path, {f"{BIN}/MUG": 20}, *[{"MUG": 1}] * 8)
    floor.first.log_in()
    floor.run()
    assert len(floor.first.works) == 2
    floor.first.tote(*(f"T-{n}" for n in range(len(floor.first.works[0].progress.slots))))
    floor.first.go_away()
    with floor.act() as act:
        service.hold_wave(act, Wave.get().id)
    floor.run(HOUR_S)
    floor.first.come_back()
    states = {bytes(w.id).hex(): w.state for w in Assignment.select()}
    assert sorted(states.values()) == ["IN_PROGRESS", "READY"]
    assert [states[work.id] for work in floor.first.works] == ["IN_PROGRESS"]
    assert floor.open() == []
    floor.assert_nothing_waits()


# --- silence --------------------------------------------------------------------------------------


@pytest.mark.conflict("LEASE_OVER_NOT_TAKEN")
def test_whoever_comes_back_late_goes_on_if_nobody_has_taken_it(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    floor.run(LEASE_S + HOUR_S)
    assert (floor.work.state, floor.work.device) == ("READY", "")
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.first.come_back()
    assert (floor.work.state, floor.work.device) == ("IN_PROGRESS", "h1")
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, floor.open()) == ("COMPLETED", [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("LEASE_OVER_TAKEN")
def test_whoever_comes_back_late_lets_go_of_what_another_has_taken(floor: FloorInTime):
    given(floor)
    floor.first.go_away()
    floor.run(LEASE_S + HOUR_S)
    floor.second.log_in("BEN")
    floor.run()
    floor.first.come_back()
    assert floor.first.works == ()
    assert (floor.work.device, floor.open()) == ("h2", [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("LEASE_OVER_BEGUN")
def test_somebody_is_looked_for_until_they_are_back(floor: FloorInTime):
    begun(floor)
    floor.first.go_away()
    floor.run(LEASE_S + 0.5 * HOUR_S)
    assert (floor.open(), floor.work.state) == (["LEASE_EXPIRED"], "IN_PROGRESS")
    finish(floor)
    floor.first.come_back()
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("REST_PLANNED_ANEW")
def test_after_two_leases_the_rest_is_others_and_what_was_done_of_it_counts(floor: FloorInTime):
    begun(floor)
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    floor.first.go_away()
    floor.run(2 * LEASE_S + HOUR_S)
    assert sorted(work.state for work in Assignment.select()) == ["IN_PROGRESS", "READY"]
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")
    floor.first.come_back()
    assert sorted(work.state for work in Assignment.select()) == ["CANCELLED", "COMPLETED"]
    assert (floor.stages(), floor.open()) == ({"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("HUB_AWAY")
def test_no_lease_ends_while_it_is_the_hub_that_is_away(floor: FloorInTime):
    """Broker and gateway are gone for longer than any lease; BEN is back first and asks."""
    given(floor)
    floor.broker.kill()
    floor.run(LEASE_S + HOUR_S)
    floor.first.tote("T-1")
    floor.first.pick("MUG", BIN, 3)
    floor.first.power_cut()
    floor.second.log_in("BEN")
    floor.gateway.kill()
    floor.broker.start()
    floor.run(900)
    assert (floor.work.state, floor.work.device) == ("IN_PROGRESS", "h1")
    assert floor.second.works == ()
    assert (floor.stages(), floor.open()) == ({"picked": 3, "released": 2}, [])
    floor.assert_nothing_waits()


# --- people ---------------------------------------------------------------------------------------


@pytest.mark.conflict("PERSON_ON_ANOTHER_DEVICE")
def test_work_follows_its_person_and_the_device_left_behind_lets_go(floor: FloorInTime):
    """Lesson 24: the device fails, its person takes another and goes on at the same line."""
    begun(floor)
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    floor.first.go_away()
    floor.second.log_in("ANA")
    floor.run()
    assert floor.second.view.rows[0].text == OTHER_BIN
    floor.second.pick("BOWL", OTHER_BIN, 2)
    floor.second.say("DONE")
    floor.first.come_back()
    assert (floor.first.works, floor.first.view.phase) == ((), "BADGE")
    assert (floor.work.state, floor.stages(), floor.open()) == ("COMPLETED", {"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("OLD_LOGIN")
def test_news_of_a_log_in_of_long_ago_throw_nobody_out(floor: FloorInTime):
    floor.first.go_away()
    floor.first.log_in("ANA")
    floor.run(HOUR_S)
    floor.second.log_in("ANA")
    floor.run()
    floor.first.come_back()
    assert (floor.first.view.phase, floor.second.view.who) == ("BADGE", "ANA")
    rows = fetch(floor.database, "SELECT name FROM device WHERE person IS NOT NULL")
    assert rows == [("h2",)]
    assert (floor.work.device, floor.open()) == ("h2", [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("PERSON_LEFT")
def test_what_somebody_did_counts_though_they_are_no_longer_here(floor: FloorInTime):
    begun(floor)
    floor.first.go_away()
    with floor.act() as act:
        staff.change_person(
            act, floor.people["ANA"], name="ANA", badge="ANA", login=None, language="en",
            is_active=False,
        )  # fmt: skip
    floor.first.pick("MUG", BIN, 3)
    floor.second.log_in("BEN")
    floor.first.come_back()
    assert floor.first.view.phase == "BADGE"
    assert (floor.work.device, floor.stages()) == ("h2", {"picked": 3, "released": 2})
    assert floor.open() == []
    floor.assert_nothing_waits()


@pytest.mark.conflict("PIN_CHANGED")
def test_the_shifts_pin_holds_until_the_device_hears_of_another(floor: FloorInTime):
    floor.first.go_away()
    with floor.act() as act:
        staff.set_pin(act, floor.people["ANA"], make("8642", b"another salt"))
    floor.run(HOUR_S)
    floor.first.log_in("ANA")
    assert floor.first.view.who == "ANA"
    floor.first.come_back()
    assert (floor.first.view.who, floor.work.device) == ("ANA", "h1")
    floor.first.say("LOGOUT")
    floor.first.log_in("ANA")
    assert floor.first.view.who == "–"
    floor.first.type("8642")
    floor.run()
    assert (floor.first.view.who, floor.open()) == ("ANA", [])
    floor.assert_nothing_waits()
