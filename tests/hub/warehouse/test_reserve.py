"""Work ahead: who gets how much, what is asked back for others, and when a lease really ends."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.db import fetch
from hub.devices import service as devices
from hub.errors import BadValue
from hub.warehouse import dispatch, leases, reserve
from hub.warehouse.models import Assignment
from hub.warehouse.reserve import Holder, Piece, Spare, Waiter
from hub.warehouse.reserve_setting import LEASE_US, lease_us, minutes_of, set_minutes
from hub.warehouse.workload import seconds_of
from tests.hub.warehouse import floorwork as floor
from tests.hub.warehouse.floorwork import ANNA, BEN

MINUTE_US = 60 * 1_000_000


# --- decisions ------------------------------------------------------------------------------------


def piece(n: int, work_s: int = 600, slots: int = 1, person: bytes | None = None) -> Piece:
    return Piece(n.to_bytes(16), slots, work_s, person)


def holder(name: str, ahead_s: int = 0, slots: int = 6) -> Holder:
    return Holder(name, ANNA, slots, ahead_s, 1)


def test_more_lines_and_metres_take_longer():
    assert seconds_of(10, 2, 11_000) == 100 + 200 + 20
    assert seconds_of(11, 2, 11_000) > seconds_of(10, 2, 11_000)


def test_whoever_has_least_ahead_gets_the_next_piece():
    shared = reserve.share_out(
        [piece(n) for n in range(4)], [holder("a", 1_200), holder("b")], target_s=1_800
    )
    assert [found.device for _, found in shared] == ["b", "b", "a", "b"]
    assert [found.id for found, _ in shared] == [piece(n).id for n in range(4)]


def test_work_that_does_not_fit_the_cart_or_is_kept_for_another_is_passed_over():
    ready = [piece(1, slots=7), piece(2, person=BEN), piece(3, person=ANNA)]
    assert [p.id for p, _ in reserve.share_out(ready, [holder("a")], 3_600)] == [piece(3).id]


@given(
    st.lists(st.integers(60, 3_000), max_size=30),
    st.lists(st.integers(0, 9_000), min_size=1, max_size=6),
    st.integers(0, 9_000),
)
def test_reserve_is_shared_evenly_and_nobody_gets_more_than_one_piece_too_many(
    works: list[int], ahead: list[int], target_s: int
):
    holders = [holder(f"d{n}", ahead_s) for n, ahead_s in enumerate(ahead)]
    pieces = [piece(n, work_s) for n, work_s in enumerate(works)]
    shared = reserve.share_out(pieces, holders, target_s)
    assert len({found.id for found, _ in shared}) == len(shared)
    before = {found.device: found.ahead_s for found in holders}
    for found, who in shared:
        assert before[who.device] < target_s
        assert before[who.device] == min(before.values())
        before[who.device] += found.work_s
    if len(shared) < min(len(pieces), reserve.OFFERS_AT_ONCE):
        assert all(ahead_s >= target_s for ahead_s in before.values())


def test_one_piece_is_asked_back_for_each_who_waits_the_newest_that_fits():
    spare = [Spare(b"3", "a", 6), Spare(b"2", "b", 1), Spare(b"1", "c", 1)]
    waiting = [Waiter("x", 1), Waiter("y", 6), Waiter("z", 1)]
    assert [s.id for s in reserve.ask_back(waiting, spare, asked=0)] == [b"2", b"3", b"1"]
    assert [s.id for s in reserve.ask_back(waiting, spare, asked=2)] == [b"2"]
    assert reserve.ask_back(waiting, spare, asked=3) == []
    assert reserve.ask_back([Waiter("a", 6)], spare[:1], asked=0) == []


# --- a floor --------------------------------------------------------------------------------------


def online(hub: Any, *names: str) -> None:
    """Enrolled devices that are there, each in somebody's hand."""
    for name, person in zip(names, (ANNA, BEN, b"cleo" * 4), strict=False):
        with hub.act() as act:
            devices.add_device(act, name, "handheld", hub.random.randbytes)
            act.tx.run(
                "UPDATE device SET presence = 'ONLINE', person = ?, seen_at = ? WHERE name = ?",
                (person, act.now_us, name),
            )


def with_work(hub: Any, pieces: int) -> None:
    floor.released(hub, floor.simple_world(hub, pieces), slots=1)


def asks(hub: Any, device: str, person: bytes) -> None:
    """The device says that its person waits, and takes what it is offered."""
    with floor.device_act(hub, device, person) as act:
        dispatch.remember_cart(act, device, 6)
        dispatch.offer_next(act, device, person, 6)
    accept(hub, device)


def accept(hub: Any, device: str) -> None:
    for work in Assignment.select().where(
        (Assignment.device == device) & (Assignment.state == "OFFERED")
    ):
        floor.answer(hub, work.id, device)


def held(device: str) -> int:
    return Assignment.select().where(Assignment.device == device).count()


def share(hub: Any) -> None:
    """The planner's turns, and the devices' answers to what they are offered."""
    for _ in range(10):
        floor.settle(hub)
        for device in ("h1", "h2", "h3"):
            accept(hub, device)


def test_a_device_at_work_gets_as_much_ahead_as_the_site_has_set(hub):
    online(hub, "h1")
    with_work(hub, 12)
    work_s = Assignment.select().first().work_s
    with hub.act() as act:
        set_minutes(act, 3 * work_s // 60)
    asks(hub, "h1", ANNA)
    share(hub)
    assert 3 <= held("h1") <= 5
    with hub.act() as act:
        set_minutes(act, 0)
    before = held("h1")
    share(hub)
    assert held("h1") == before


def test_who_waits_is_served_before_anybody_gets_work_ahead(hub):
    online(hub, "h1", "h2")
    asks(hub, "h1", ANNA)
    asks(hub, "h2", BEN)
    with_work(hub, 2)
    share(hub)
    assert (held("h1"), held("h2")) == (1, 1)


def test_what_nobody_has_begun_is_asked_back_for_who_has_nothing(hub):
    online(hub, "h1", "h2")
    with_work(hub, 3)
    asks(hub, "h1", ANNA)
    share(hub)
    assert held("h1") == 3
    asks(hub, "h2", BEN)
    share(hub)
    asked = Assignment.select().where(Assignment.asked_back_at.is_null(False))
    newest = Assignment.select().order_by(Assignment.held_since.desc()).first()
    assert [work.id for work in asked] == [newest.id]
    with hub.act() as act:
        dispatch.answered_revoke(act, newest.id, "h1", True, "")
    share(hub)
    assert (held("h1"), held("h2")) == (2, 1)


def test_the_piece_that_comes_next_is_never_asked_back(hub):
    online(hub, "h1", "h2")
    with_work(hub, 1)
    asks(hub, "h1", ANNA)
    asks(hub, "h2", BEN)
    share(hub)
    assert Assignment.get().asked_back_at is None


def test_reserve_of_a_device_out_of_reach_stays_there(hub):
    online(hub, "h1", "h2")
    with_work(hub, 3)
    asks(hub, "h1", ANNA)
    share(hub)
    hub.database.execute_sql("UPDATE device SET presence = 'OFFLINE' WHERE name = 'h1'")
    asks(hub, "h2", BEN)
    share(hub)
    assert (held("h1"), held("h2")) == (3, 0)


def test_an_impossible_reserve_is_refused(hub):
    for minutes in (-1, 24 * 60 + 1):
        with pytest.raises(BadValue), hub.act() as act:
            set_minutes(act, minutes)
    assert minutes_of(partial(fetch, hub.database), hub.site) == 120


# --- leases ---------------------------------------------------------------------------------------


def over(hub: Any) -> tuple[int, int]:
    found = leases.over(partial(fetch, hub.database), hub.site, hub.clock.now_us())
    return len(found.ended), len(found.kept)


def test_a_lease_is_as_long_as_the_reserve_and_an_hour_more(hub):
    with hub.act() as act:
        assert lease_us(act) == LEASE_US == 180 * MINUTE_US
        set_minutes(act, 600)
        assert lease_us(act) == 660 * MINUTE_US
        set_minutes(act, 0)
        assert lease_us(act) == LEASE_US


def test_a_lease_ends_only_while_its_holder_is_the_one_who_is_away(hub):
    online(hub, "h1")
    with_work(hub, 1)
    asks(hub, "h1", ANNA)
    hub.clock.advance(us=LEASE_US + 1)
    now_us = hub.clock.now_us()

    def seen(presence: str, seen_at: int, presence_at: int) -> tuple[int, int]:
        hub.database.execute_sql(
            "UPDATE device SET presence = %s, seen_at = %s, presence_at = %s"
            if "postgres" in hub.url
            else "UPDATE device SET presence = ?, seen_at = ?, presence_at = ?",
            (presence, seen_at, presence_at),
        )
        return over(hub)

    assert seen("ONLINE", now_us, 0) == (0, 1), "it is there, and has other things to do"
    assert seen("ONLINE", 0, 0) == (0, 0), "the hub itself has heard nobody"
    assert seen("OFFLINE", 0, now_us - LEASE_US + 1) == (0, 0), "it works on without radio"
    assert seen("OFFLINE", 0, now_us - LEASE_US) == (1, 0)


def test_an_absence_that_nobody_settles_sets_the_rest_free(hub):
    """First a supervisor is asked; another lease later what is not begun is others'."""
    floor.released(hub, floor.simple_world(hub, 2), slots=6)
    (work,) = Assignment.select()
    floor.ask(hub, "hh-1")
    floor.answer(hub, work.id, "hh-1")
    floor.start(hub, work.id, "hh-1")
    for _ in range(2):
        hub.clock.advance(us=LEASE_US + 1)
        floor.settle(hub)
    states = sorted((found.state, found.device) for found in Assignment.select())
    assert states == [("IN_PROGRESS", "hh-1"), ("READY", "")]
    assert floor.work_lines(work.id) == []
    floor.assert_true_books(hub)
