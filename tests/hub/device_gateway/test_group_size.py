"""How many messages go into one transaction: others who write wait no longer than they should."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.device_gateway.group_size import LIMIT_MAX, LIMIT_MIN, LOCK_MS, GroupSize
from hub.journal import Act
from protocols.envelope import Event
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor

FULL_GROUPS = 20


@given(us_each=st.integers(1, LOCK_MS * 1_000 // LIMIT_MIN))
def test_full_groups_soon_fit_the_time_and_use_most_of_it(us_each: int):
    size = GroupSize()

    for _ in range(FULL_GROUPS):
        size.took(size.limit, size.limit * us_each // 1_000)

    assert size.limit * us_each // 1_000 <= LOCK_MS * 5 // 4
    assert size.limit * us_each >= LOCK_MS * 1_000 // 2 or size.limit == LIMIT_MAX


@given(groups=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 10_000))))
def test_whatever_happens_groups_are_neither_tiny_nor_endless(groups: list[tuple[int, int]]):
    size = GroupSize()

    for messages, ms in groups:
        size.took(messages, ms)
        assert LIMIT_MIN <= size.limit <= LIMIT_MAX


def test_a_slow_group_cuts_the_very_next_one_in_proportion():
    size = GroupSize()
    before = size.limit

    size.took(before, LOCK_MS * 2)

    assert size.limit == before // 2


def test_small_groups_say_nothing_about_large_ones():
    size = GroupSize()
    before = size.limit

    for _ in range(FULL_GROUPS):
        size.took(3, 0)

    assert size.limit == before


def test_the_gateway_learns_from_the_time_that_its_events_took(sqlite_hub: TestHub):
    floor = Floor(sqlite_hub)
    floor.enrol("h1")
    floor.handlers["PersonLoggedIn"] = lambda act, event, data: _dawdle(act, event, sqlite_hub)
    floor.core, device = floor.new_core(), Device(floor)

    floor.hear(*(device.event(seq) for seq in range(1, 101)))

    assert floor.core.group_size.limit == LIMIT_MIN


def _dawdle(act: Act, event: Event, hub: TestHub) -> None:
    hub.clock.advance(ms=1)
