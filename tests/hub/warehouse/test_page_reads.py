"""What pages read about waves, work, the floor and packing, on each database."""

from __future__ import annotations

from functools import partial

from hub.db import fetch
from hub.ids import NIL
from hub.inventory.service import define_bins
from hub.shipping import queries as shipping
from hub.warehouse import (
    dispatch,
    exception_lists,
    order_pool,
    packing,
    planner,
    service,
    wave_lists,
)
from hub.warehouse.floor import demo_floor
from hub.warehouse.floor_state import floor_state
from hub.warehouse.models import Assignment
from hub.warehouse.pack_task import read_task
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes
from tests.hub.warehouse.test_exceptions import add_device, short_pick

BINS = ("A-01-01-1", "A-03-05-1")


def released(hub: TestHub) -> bytes:
    """A released wave of two orders, one of them on a device."""
    with hub.act() as act:
        define_bins(act, [demo_floor().bin(code) for code in BINS])
    builders.stock(hub, BINS[0], "MUG", 9)
    builders.stock(hub, BINS[1], "BOWL", 9)
    orders = [builders.order(hub, {"MUG": 2, "BOWL": 1}) for _ in range(2)]
    add_device(hub, "hh-1")
    with hub.act() as act:
        wave = service.plan_wave(act, orders, method="SINGLE", goal="RELEASED")
    while planner.step(hub.journal, hub.site):
        pass
    with hub.act() as act:
        dispatch.offer_next(act, "hh-1", NIL)
    with hub.act() as act:
        held = bytes(Assignment.get(Assignment.device == "hh-1").id)
        dispatch.answered_offer(act, held, "hh-1", True)
    return wave


def test_a_wave_is_counted_in_lines_units_and_tours(hub: TestHub) -> None:
    wave = released(hub)
    done = wave_lists.progress([wave])[wave]
    assert (done.lines, done.lines_over, done.units, done.tours, done.pickers) == (4, 0, 6, 2, 1)
    assert [row.id for row in wave_lists.waves(hub.site)] == [wave]
    assert wave_lists.waves(hub.site, "closed") == []


def test_work_is_shown_line_by_line_and_slot_by_slot(hub: TestHub) -> None:
    released(hub)
    held = bytes(Assignment.get(Assignment.device == "hh-1").id)
    lines = wave_lists.lines_of(held)
    assert {(line.sku, line.quantity, line.state) for line in lines} == {
        ("MUG", 2, "OPEN"),
        ("BOWL", 1, "OPEN"),
    }
    assert len(wave_lists.slots_of(held)) == 1
    assert wave_lists.completed_work(hub.site) == []


def test_the_floor_shows_who_is_at_work_and_what_is_due(hub: TestHub) -> None:
    released(hub)
    short_pick(hub, "LANTERN", 1)
    state = floor_state(hub.site)
    assert [picker.device for picker in state.pickers] == ["hh-1"]
    assert state.bins == {BINS[0]: "short", BINS[1]: "due"}


def test_orders_that_a_wave_would_take_are_listed_with_their_need(hub: TestHub) -> None:
    builders.order(hub, {"MUG": 2, "BOWL": 1})
    ids = order_pool.due_orders(hub.site)
    (order,) = wave_lists.due_orders(ids)
    assert (order.lines, order.units) == (2, 3)
    assert wave_lists.line_counts(ids) == (2, 3)
    assert wave_lists.countries(hub.site) == []


def test_a_page_reads_the_same_task_as_the_act_that_made_it(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "east", "T1")
    assert read_task(partial(fetch, hub.database), task.parcel, hub.site) == task
    (parcel,) = shipping.open_parcels(hub.site, "east")
    assert parcel.id == task.parcel


def test_exceptions_are_listed_oldest_first_and_counted_by_kind(hub: TestHub) -> None:
    first = short_pick(hub, "MUG", 1)
    second = short_pick(hub, "BOWL", 1)
    rows = exception_lists.exceptions(hub.site)
    assert [row.id for row in rows] == [first, second]
    assert exception_lists.values_of(rows[0])["reason"] == "EMPTY"
    assert exception_lists.open_by_kind(hub.site) == {"SHORT_PICK": 2}
