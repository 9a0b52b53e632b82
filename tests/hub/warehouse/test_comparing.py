"""The same orders on another cart: a person asks, the planner finds, the wave stays as it is."""

from __future__ import annotations

import pytest

from hub.db import fetch
from hub.errors import BadValue, NotFound, WrongState
from hub.verify.command import verify
from hub.warehouse import comparing, planner, queries, service
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import floorwork

BINS = ("A-01-01-1", "A-02-03-1", "A-03-02-1")


def planned(hub: TestHub, orders: int = 6) -> bytes:
    """A wave of orders over goods in three bins, for carts of two."""
    floorwork.bins(hub, *BINS)
    for bin, sku in zip(BINS, ("MUG", "BOWL", "LAMP"), strict=True):
        builders.stock(hub, bin, sku, 50)
    made = [builders.order(hub, {"MUG": 1, "BOWL": 1, "LAMP": 1}) for _ in range(orders)]
    wave = floorwork.wave(hub, made, slots=2)
    floorwork.settle(hub)
    return wave


def ask(hub: TestHub, wave: bytes, slots: int) -> None:
    with hub.act() as act:
        comparing.ask(act, wave, slots)


def found(hub: TestHub, wave: bytes) -> list[comparing.Comparison]:
    return comparing.of_wave(lambda sql, params: fetch(hub.database, sql, params), wave)


def test_a_larger_cart_walks_less_and_the_wave_stays_as_it_was(hub: TestHub) -> None:
    wave = planned(hub)
    before = queries.wave(wave)
    ask(hub, wave, 6)
    assert found(hub, wave) == [comparing.Comparison(6, None)]
    floorwork.settle(hub)
    ((slots, figures),) = found(hub, wave)
    own = comparing.figures_of(queries.preview_of(before) or queries.Preview())
    assert slots == 6
    assert figures is not None
    assert (figures.tours, own.tours) == (1, 3)
    assert figures.walk_cm < own.walk_cm
    assert (figures.lines, figures.units) == (own.lines, own.units)
    assert queries.wave(wave).plan == before.plan
    assert verify(hub.database).ok


def test_the_cart_of_the_wave_itself_costs_what_its_own_plan_says(hub: TestHub) -> None:
    wave = planned(hub)
    ask(hub, wave, 2)
    floorwork.settle(hub)
    own = queries.preview_of(queries.wave(wave))
    assert own is not None
    assert found(hub, wave) == [comparing.Comparison(2, comparing.figures_of(own))]


def test_asked_again_it_is_planned_from_the_books_as_they_are_now(hub: TestHub) -> None:
    wave = planned(hub)
    ask(hub, wave, 1)
    floorwork.settle(hub)
    with hub.act() as act:
        act.tx.run("UPDATE place SET state = 'BLOCKED_OUT' WHERE code = ?", (BINS[0],))
    ask(hub, wave, 1)
    floorwork.settle(hub)
    ((_, figures),) = found(hub, wave)
    assert figures is not None
    assert figures.short == 6, "the mugs are out of reach"


def test_the_planner_serves_whoever_waited_longest_one_at_a_time(hub: TestHub) -> None:
    wave = planned(hub)
    for slots in (3, 1):
        ask(hub, wave, slots)
    assert planner.step(hub.journal, hub.site) == 1
    assert {slots: figures is None for slots, figures in found(hub, wave)} == {3: False, 1: True}


def test_only_the_newest_few_are_kept(hub: TestHub) -> None:
    wave = planned(hub)
    for slots in (9, 8, 7, 6, 5, 4):
        ask(hub, wave, slots)
    assert [slots for slots, _ in found(hub, wave)] == [4, 5, 6, 7]


def test_a_wave_that_went_on_has_nothing_left_to_compare(hub: TestHub) -> None:
    wave, other = planned(hub), planned(hub)
    ask(hub, wave, 1)
    with hub.act() as act:
        service.set_goal(act, wave, "ALLOCATED")
    floorwork.settle(hub)
    with pytest.raises(WrongState):
        ask(hub, wave, 3)
    ask(hub, other, 3)
    assert found(hub, wave) == []
    floorwork.settle(hub)
    assert [slots for slots, _ in found(hub, other)] == [3]


def test_what_cannot_be_compared_is_refused_by_name(hub: TestHub) -> None:
    wave = planned(hub)
    for slots in (0, 65, -1, 10**12):
        with pytest.raises(BadValue, match="a cart has 1 to 64"):
            ask(hub, wave, slots)
    with pytest.raises(NotFound):
        ask(hub, b"?" * 16, 2)
    assert found(hub, wave) == []
