"""Cancelling what pickers have on their lists: it leaves the floor, the rest stays as it is."""

from __future__ import annotations

import pytest

from hub.desk import service as desk
from hub.errors import BadValue, WrongState
from hub.orders.models import OrderLine, SalesOrder
from hub.orders.service import NotCancellable
from hub.warehouse import packing
from hub.warehouse.models import Assignment
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import floorwork as floor
from tests.hub.warehouse.picking import Picking, open_kinds, released, where_is


def line_of(order: bytes, n: int = 1) -> OrderLine:
    return OrderLine.get(OrderLine.order == order, OrderLine.n == n)


def test_a_released_order_is_cancelled_and_leaves_the_floor(hub: TestHub) -> None:
    orders = floor.simple_world(hub, 2)
    wave = floor.released(hub, orders, slots=2)
    work = floor.only(wave)
    floor.ask(hub, "hh-1")
    before = floor.offered(hub, "hh-1")
    with hub.act() as act:
        assert desk.cancel_order(act, orders[0], "customer rang") == desk.Cancelled(3, 0)
    assert floor.stages(orders[0]) == {"cancelled": 3}
    assert SalesOrder.get_by_id(orders[0]).state == "CANCELLED"
    assert floor.stages(orders[1]) == {"released": 4}
    after = floor.offered(hub, "hh-1")
    assert after.rev == before.rev + 1, "one new revision, not one for each line"
    assert sum(line.state == "CANCELLED" for line in after.lines) == 2
    assert Assignment.get_by_id(work.id).state == "OFFERED"
    floor.assert_true_books(hub)


def half_picked(hub: TestHub) -> tuple[Picking, bytes, str]:
    """Three of five mugs are in the tote, the bowls are not; returns the order and the pick."""
    released(hub, {"A-01-01-1/MUG": 5, "A-02-01-1/BOWL": 2}, {"MUG": 5, "BOWL": 2})
    job = Picking(hub)
    work = job.take_work()
    job.tote()
    mug = next(n for n, line in enumerate(work.lines) if line.quantity == 5)
    return job, SalesOrder.get().id, job.pick(3, mug)


def test_what_is_in_a_tote_is_cancelled_too_and_put_back(hub: TestHub) -> None:
    _, order, _ = half_picked(hub)
    with hub.act() as act:
        assert desk.cancel_order(act, order, "customer rang") == desk.Cancelled(7, 0)
    assert floor.stages(order) == {"cancelled": 7}
    assert SalesOrder.get_by_id(order).state == "CANCELLED"
    assert (open_kinds(hub), where_is(hub, "MUG")) == (["PUT_BACK"], {"A-01-01-1": 2, "T1": 3})
    with pytest.raises(packing.NothingToPack) as refused, hub.act() as act:
        packing.scan_tote(act, "b1", "T1")
    assert refused.value.leftovers == 3
    floor.assert_true_books(hub)


def test_an_undo_puts_cancelled_units_back_by_itself(hub: TestHub) -> None:
    job, order, pick = half_picked(hub)
    with hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    job.undo(pick)
    assert (open_kinds(hub), where_is(hub, "MUG")) == ([], {"A-01-01-1": 5})
    floor.assert_true_books(hub)


def test_what_a_packer_has_seen_stays_and_is_told(hub: TestHub) -> None:
    _, order, _ = half_picked(hub)
    with hub.act() as act:
        task = packing.scan_tote(act, "b1", "T1", anyway=True)
        packing.verify_item(act, task, "MUG", 2, closes=False)
    with hub.act() as act:
        assert desk.cancel_order(act, order, "customer rang") == desk.Cancelled(5, 2)
    assert floor.stages(order) == {"picked": 2, "cancelled": 5}
    with hub.act() as act:
        closed = packing.close_parcel(act, task.parcel)
    assert [left.quantity for left in closed.leftovers] == [1]
    assert floor.stages(order) == {"packed": 2, "cancelled": 5}
    with pytest.raises(NotCancellable) as refused, hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    assert (refused.value.possible, refused.value.on_the_floor) == (0, 2)
    floor.assert_true_books(hub)


def test_units_leave_what_is_furthest_from_a_parcel_first(hub: TestHub) -> None:
    floor.bins(hub, "A-01-01-1")
    builders.stock(hub, "A-01-01-1", "MUG", 4)
    order = builders.order(hub, {"MUG": 6})
    floor.released(hub, [order])
    assert floor.stages(order) == {"released": 4, "backordered": 2}
    line = line_of(order)
    with hub.act() as act:
        desk.cancel_units(act, line.id, 3, "fewer")
    assert floor.stages(order) == {"released": 3, "cancelled": 3}
    with hub.act() as act:
        desk.cancel_units(act, line.id, 3, "none")
    assert SalesOrder.get_by_id(order).state == "CANCELLED"
    floor.assert_true_books(hub)


def test_more_units_than_are_left_are_refused_and_nothing_is_done(hub: TestHub) -> None:
    (order,) = floor.simple_world(hub, 1)
    floor.released(hub, [order])
    before, line = floor.stages(order), line_of(order)
    with pytest.raises(NotCancellable), hub.act() as act:
        desk.cancel_units(act, line.id, line.ordered + 1, "all and more")
    with pytest.raises(BadValue), hub.act() as act:
        desk.cancel_units(act, line.id, 0, "none")
    assert floor.stages(order) == before
    floor.assert_true_books(hub)


def test_a_closed_order_is_not_cancelled_again(hub: TestHub) -> None:
    order = builders.order(hub, {"MUG": 1})
    with hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    with pytest.raises(WrongState), hub.act() as act:
        desk.cancel_order(act, order, "again")
