"""The hub's own clock is set: nothing ends at once or lives for ever, the books stay in order."""

from __future__ import annotations

from random import Random

import pytest

from hub.clock import FixedClock
from hub.db import fetch
from hub.device_gateway.outbox_sender import OutboxSender
from hub.devices import service as devices
from hub.health.facts import gather
from hub.health.rules import judge
from hub.ids import new_key
from hub.staff import service as staff
from hub.staff import sessions
from hub.verify.command import verify
from hub.warehouse import clock_jumps, leases
from hub.warehouse.clock_jumps import DAY_US, FollowJump, JumpWatch, in_words, set_back_since
from simulators.bench.picks import PickWork
from simulators.virtual.hub_clock import HubClock
from tests.hub import builders
from tests.hub.conftest import TestHub

BACK_US, AHEAD_US = -400 * DAY_US, DAY_US
HOUR_US = DAY_US // 24
JUMPS = [pytest.param(BACK_US, id="400 days back"), pytest.param(AHEAD_US, id="a day ahead")]


def set_clock(hub: TestHub, by_us: int) -> None:
    """Set it, and let the planner notice."""
    hub.clock.advance(us=by_us)
    hub.journal.carry_out(FollowJump(by_us), site=hub.site, via="timer")


def held_by_somebody_away(hub: TestHub) -> None:
    """A device went out of reach just now, with work whose lease has an hour left."""
    with hub.act() as act:
        devices.enter_device(act, "hh-1", "handheld")
    work = PickWork(hub.journal, hub.site, hub.company, Random(1))
    work.stock_up(50)
    work.release("hh-1", 1)
    now_us = hub.clock.now_us()
    with hub.act() as act:
        act.tx.run("UPDATE assignment SET lease_until = ?", (now_us + HOUR_US,))
        act.tx.run(
            "UPDATE device SET presence = 'OFFLINE', presence_at = ?, seen_at = ?", (now_us, now_us)
        )


def ended(hub: TestHub) -> int:
    found = leases.over(lambda sql, p: fetch(hub.database, sql, p), hub.site, hub.clock.now_us())
    return len(found.ended)


# ── noticing ─────────────────────────────────────────────────────────────────────────────────


def test_time_that_passes_is_no_jump_and_neither_is_a_small_step():
    world = FixedClock()
    clock = HubClock(world)
    watch = JumpWatch(clock)
    for step_us in (0, 1, 59_999_999, 1_000_000):
        world.advance(s=86_400)
        clock.be_wrong_by(step_us)
        assert watch.look() == 0


@pytest.mark.parametrize("by_us", JUMPS)
def test_a_jump_is_noticed_once_and_so_is_the_way_back(by_us: int):
    clock = HubClock(FixedClock())
    watch = JumpWatch(clock)
    clock.be_wrong_by(by_us)
    assert [watch.look(), watch.look()] == [by_us, 0]
    clock.be_wrong_by(0)
    assert [watch.look(), watch.look()] == [-by_us, 0]


def test_a_machine_that_stood_still_was_not_set():
    clock = HubClock(FixedClock())
    watch = JumpWatch(clock)
    clock.skip(3_600_000)
    assert watch.look() == 0


def test_a_start_behind_the_books_is_a_clock_that_was_set_back(hub: TestHub):
    builders.stock(hub, "A-1", "LAMP", 7)
    assert set_back_since(hub.journal, hub.site) == 0
    hub.clock.advance(us=AHEAD_US)
    assert set_back_since(hub.journal, hub.site) == 0, "as if the hub had been off for a day"
    hub.clock.advance(us=BACK_US)
    assert set_back_since(hub.journal, hub.site) == BACK_US + AHEAD_US
    clock_jumps.follow_if_set(hub.journal, hub.site, BACK_US + AHEAD_US)
    assert set_back_since(hub.journal, hub.site) == 0, "the act itself stands at the new time"


# ── what counts down ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by_us", JUMPS)
def test_a_lease_has_as_much_time_left_as_before(hub: TestHub, by_us: int):
    held_by_somebody_away(hub)
    set_clock(hub, by_us)
    assert ended(hub) == 0
    hub.clock.advance(us=5 * HOUR_US)
    assert ended(hub) == 1


def test_without_following_it_a_day_ahead_ends_every_lease_of_who_is_away(hub: TestHub):
    held_by_somebody_away(hub)
    hub.clock.advance(us=AHEAD_US)
    assert ended(hub) == 1


@pytest.mark.parametrize("by_us", JUMPS)
def test_a_wrong_password_locks_for_seconds_and_not_for_four_hundred_days(hub: TestHub, by_us: int):
    with hub.act() as act:
        person = staff.add_person(act, hub.company, "Ana", login="ana", password="a long password")
    for _ in range(8):
        with hub.act() as act:
            sessions.take_attempt(act, person)
    with hub.act() as act:
        before_s = sessions.take_attempt(act, person).locked_s
    assert before_s > 0
    set_clock(hub, by_us)
    with hub.act() as act:
        assert sessions.take_attempt(act, person).locked_s == before_s


@pytest.mark.parametrize("by_us", JUMPS)
def test_a_log_in_lasts_as_long_as_before(hub: TestHub, by_us: int):
    with hub.act() as act:
        person = staff.add_person(act, hub.company, "Ana", login="ana", password="a long password")
        act.tx.flush()
        sessions.open_session(act, person, b"s" * 32, "127.0.0.1")
    left_us = sessions.SESSION_US
    set_clock(hub, by_us)
    ((expires_at,),) = fetch(hub.database, "SELECT expires_at FROM web_session")
    assert expires_at - hub.clock.now_us() == left_us


@pytest.mark.parametrize("by_us", JUMPS)
def test_commands_keep_their_order_and_are_said_again(hub: TestHub, by_us: int):
    with hub.act() as act:
        devices.enter_device(act, "hh-1", "handheld")
        act.tx.flush()
        act.tx.run("UPDATE device SET presence = 'ONLINE'")
        devices.show_message(act, "hh-1", "first")
    sender = OutboxSender(hub.database, hub.site)
    assert len(list(sender.due(hub.clock.now_us()))) == 1
    set_clock(hub, by_us)
    with hub.act() as act:
        devices.show_message(act, "hh-1", "second")
    texts = fetch(hub.database, "SELECT payload FROM outbox_message ORDER BY created_at, id")
    assert [b"first" in bytes(texts[0][0]), b"second" in bytes(texts[1][0])] == [True, True]
    assert len(list(sender.due(hub.clock.now_us()))) == 1, "the new one at once"
    hub.clock.advance(s=60)
    assert len(list(sender.due(hub.clock.now_us()))) == 2, "both once more"


def test_a_command_is_said_again_even_while_nobody_has_followed_the_clock(hub: TestHub):
    with hub.act() as act:
        devices.enter_device(act, "hh-1", "handheld")
        act.tx.flush()
        act.tx.run("UPDATE device SET presence = 'ONLINE'")
        devices.show_message(act, "hh-1", "first")
    sender = OutboxSender(hub.database, hub.site)
    assert list(sender.due(hub.clock.now_us()))
    hub.clock.advance(us=BACK_US)
    assert list(sender.due(hub.clock.now_us()))


# ── the books ────────────────────────────────────────────────────────────────────────────────


def test_the_books_keep_their_order_whatever_the_clock_says(hub: TestHub):
    moments = []
    for by_us in (0, BACK_US, AHEAD_US, -BACK_US, -AHEAD_US):
        set_clock(hub, by_us)
        moments.append(hub.clock.now_us())
        builders.stock(hub, "A-1", "LAMP", 1)
    assert moments != sorted(moments)
    assert verify(hub.database).findings == []
    rows = fetch(hub.database, "SELECT position FROM journal ORDER BY position")
    assert [n for (n,) in rows] == list(range(1, len(rows) + 1))


def test_keys_of_a_moment_that_comes_twice_differ():
    chance = Random(1)
    moment = FixedClock().now_us()
    keys = [new_key(moment + by_us, chance) for by_us in (0, BACK_US, 0, AHEAD_US, 0) * 200]
    assert len(set(keys)) == len(keys)


# ── what people read ─────────────────────────────────────────────────────────────────────────


def test_the_status_page_says_it_for_a_day(hub: TestHub, tmp_path):
    set_clock(hub, BACK_US)
    (check,) = (c for c in judge(gather(hub.site, tmp_path, hub.clock)) if c.name == "clock")
    assert (check.level, check.code) == ("WARN", "JUMPED")
    assert (check.values["by"], check.values["direction"]) == ("400 days", "back")
    hub.clock.advance(us=DAY_US)
    (check,) = (c for c in judge(gather(hub.site, tmp_path, hub.clock)) if c.name == "clock")
    assert check.code != "JUMPED"


@pytest.mark.parametrize(
    ("by_us", "words"),
    [(-90_000_000, "90 seconds"), (3 * 60_000_000, "3 minutes"), (-26 * HOUR_US, "26 hours"),
     (BACK_US, "400 days")],
)  # fmt: skip
def test_a_jump_is_said_in_the_unit_that_people_use(by_us: int, words: str):
    assert in_words(by_us) == words
