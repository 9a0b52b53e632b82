"""A device goes by the hub's clock, also when that one is set."""

from __future__ import annotations

import pytest

from edge.clock import ROUND_TRIP_FORGETTING_MS, Now, SystemClock, TimeKeeper
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


def test_a_better_exchange_replaces_a_worse_one_and_trust_fades():
    keeper = TimeKeeper()
    start = Now(utc_us=1, mono_ms=1_000)
    assert (keeper.at_us(start), keeper.quality(start)) == (1, "unknown")
    keeper.hear(TimeReply(v=1, t1=0, t2=10_000_000, t3=10_000_000), start)
    assert keeper.at_us(start) == 10_500_000
    keeper.hear(TimeReply(v=1, t1=990_000, t2=11_000_000, t3=11_000_000), start)
    assert keeper.at_us(start) == 11_005_000
    keeper.hear(TimeReply(v=1, t1=0, t2=50_000_000, t3=50_000_000), start)
    assert keeper.at_us(start) == 11_005_000
    later = Now(utc_us=1, mono_ms=1_000 + 3_600_001)
    assert keeper.quality(start) == "synced"
    assert keeper.quality(later) == "estimated"


def test_an_answer_from_before_a_reboot_is_ignored():
    keeper = TimeKeeper()
    keeper.hear(TimeReply(v=1, t1=9_000_000, t2=5, t3=5), Now(1, 1_000))
    assert keeper.quality(Now(1, 1_000)) == "unknown"


def test_the_systems_clocks_go_forward():
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.mono_ms >= first.mono_ms
    assert first.utc_us > 1_600_000_000_000_000


def test_a_worse_exchange_is_believed_once_the_better_one_is_old():
    """A quartz drifts: what was measured well ten minutes ago is worth less than a slow answer."""
    keeper, drift_us = TimeKeeper(), 12_000
    exchange(keeper, 1_000, HUB_US, round_trip_ms=2)
    for is_old in (False, True):
        mono_ms = 1_000 + ROUND_TRIP_FORGETTING_MS + is_old
        hub_us = HUB_US + (mono_ms - 1_000) * 1_000 + drift_us
        exchange(keeper, mono_ms, hub_us, round_trip_ms=40)
        told_us = keeper.at_us(Now(0, mono_ms))
        assert (told_us == hub_us + 20_000) is is_old
