"""A tote that two orders name: when somebody has to know, and that packing settles it."""

from __future__ import annotations

import pytest

from hub.floor_exceptions import FloorException
from hub.warehouse import packing
from protocols.messages.events import AssignmentCompleted
from tests.hub.conftest import TestHub
from tests.hub.warehouse.picking import BINS, Picking, released

MUGS, BOWLS = BINS[:2]


@pytest.fixture
def pickers(hub: TestHub) -> tuple[Picking, Picking]:
    """Two people, each with an order of their own: a mug for one, a bowl for the other."""
    first, second = Picking(hub, "hh-1"), Picking(hub, "hh-2")
    released(hub, {f"{MUGS}/MUG": 9}, {"MUG": 1})
    first.take_work()
    released(hub, {f"{BOWLS}/BOWL": 9}, {"BOWL": 1})
    second.take_work()
    return first, second


def shared() -> list[tuple[str, str]]:
    found = FloorException.select().where(FloorException.kind == "TOTE_SHARED")
    return [(row.state, row.resolution) for row in found]


def test_a_tote_on_two_carts_is_noticed(pickers: tuple[Picking, Picking]) -> None:
    for picker in pickers:
        picker.tote("T1")
    assert shared() == [("OPEN", "")]


def test_a_tote_that_was_left_empty_is_anybodys(pickers: tuple[Picking, Picking]) -> None:
    first, second = pickers
    first.tote("T1")
    first.short(0)
    first.apply(AssignmentCompleted())
    second.tote("T1")
    assert shared() == []


def test_goods_of_an_order_that_wait_for_packing_keep_their_tote(
    hub: TestHub, pickers: tuple[Picking, Picking]
) -> None:
    """It closes by itself once both are packed, each by itself."""
    for picker in pickers:
        picker.tote("T1")
        picker.pick(1)
        picker.apply(AssignmentCompleted())
    assert shared() == [("OPEN", "")]
    states = []
    for _ in pickers:
        with hub.act() as act:
            task = packing.scan_tote(act, "b1", "T1")
            assert len(task.items) == 1
            packing.verify_item(act, task, task.items[0].sku)
        states += shared()
    assert states == [("OPEN", ""), ("RESOLVED", "PACKED_APART")]
