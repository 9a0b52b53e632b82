"""A device goes by the hub's clock, also when that one is set."""

from __future__ import annotations

import pytest

from edge.clock import Now, TimeKeeper
from protocols.messages.asking import TimeReply

HUB_US = 1_767_596_400_000_000
DAY_US = 86_400_000_000


def exchange(keeper: TimeKeeper, mono_ms: int, hub_us: int, round_trip_ms: int) -> None:
    """The hub answers in the middle of the round trip, which ends at `mono_ms`."""
    asked_us = (mono_ms - round_trip_ms) * 1_000
    keeper.hear(TimeReply(v=1, t1=asked_us, t2=hub_us, t3=hub_us), Now(0, mono_ms))


@pytest.mark.parametrize("by_us", [-400 * DAY_US, DAY_US])
def test_a_hub_whose_clock_was_set_is_followed_at_the_next_exchange(by_us: int):
    keeper = TimeKeeper()
    exchange(keeper, 1_000, HUB_US, round_trip_ms=2)
    exchange(keeper, 61_000, HUB_US + 60_000_000 + by_us, round_trip_ms=40)
    assert keeper.at_us(Now(0, 61_000)) == HUB_US + 60_000_000 + by_us + 20_000


def test_a_slow_answer_that_a_slow_way_explains_moves_nothing():
    keeper = TimeKeeper()
    exchange(keeper, 1_000, HUB_US, round_trip_ms=2)
    exchange(keeper, 61_000, HUB_US + 60_000_000 - 900_000, round_trip_ms=1_900)
    assert keeper.at_us(Now(0, 61_000)) == HUB_US + 60_001_000
