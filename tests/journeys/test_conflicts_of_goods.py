"""Back on line, and orders, stock or totes are not what they were: rows of docs/conflicts.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.catalog import service as catalog
from hub.desk import service as desk
from hub.inventory.models import Balance, Place
from hub.orders.models import OrderLine, SalesOrder
from hub.warehouse import exceptions, packing
from hub.warehouse.bin_counts import settle_balance
from hub.warehouse.models import Assignment
from protocols.barcodes import bin_label
from tests.hub import builders
from tests.journeys.floor_in_time import BIN, HOUR_S, OTHER_BIN, THIRD_BIN, FloorInTime


def beginning(folder: Path) -> FloorInTime:
    """One order of three mugs and two bowls; the cart is set up, and ANA goes out of reach."""
    stock = {f"{BIN}/MUG": 20, f"{OTHER_BIN}/BOWL": 20}
    floor = FloorInTime(folder, stock, {"MUG": 3, "BOWL": 2})
    floor.first.log_in()
    floor.first.tote("T-1")
    floor.first.go_away()
    return floor


@pytest.fixture
def floor(tmp_path: Path) -> FloorInTime:
    return beginning(tmp_path)


def line_of(floor: FloorInTime, sku: str) -> OrderLine:
    item = builders.item(floor, sku)  # type: ignore[arg-type]  # it has what that asks
    return OrderLine.get(OrderLine.item == item)


def finish(floor: FloorInTime) -> None:
    floor.first.pick("MUG", BIN, 3)
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE")


# --- orders ---------------------------------------------------------------------------------------


@pytest.mark.conflict("ORDER_CANCELLED")
def test_lines_of_a_cancelled_order_leave_the_work(floor: FloorInTime):
    with floor.act() as act:
        desk.cancel_order(act, SalesOrder.get().id, "customer rang")
    floor.first.come_back()
    assert floor.first.view.phase == "FINISH"
    floor.first.say("DONE")
    floor.run()
    assert (floor.work.state, SalesOrder.get().state) == ("COMPLETED", "CANCELLED")
    assert (floor.where_is("MUG"), floor.open()) == ({BIN: 20}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("ORDER_CANCELLED_PICKED")
def test_what_was_picked_for_a_cancelled_order_is_put_back(floor: FloorInTime):
    with floor.act() as act:
        desk.cancel_order(act, SalesOrder.get().id, "customer rang")
    finish(floor)
    floor.first.come_back()
    assert (floor.stages(), SalesOrder.get().state) == ({}, "CANCELLED")
    assert floor.where_is("MUG") == {BIN: 17, "T-1": 3}
    assert floor.open() == ["PUT_BACK", "PUT_BACK"]
    with pytest.raises(packing.NothingToPack) as refused, floor.act() as act:
        packing.scan_tote(act, "b1", "T-1")
    assert refused.value.leftovers == 5
    floor.assert_nothing_waits()


@pytest.mark.conflict("UNITS_CANCELLED")
def test_units_beyond_what_is_still_wanted_are_left_over_at_the_bench(floor: FloorInTime):
    with floor.act() as act:
        desk.cancel_units(act, line_of(floor, "MUG").id, 2, "fewer")
    finish(floor)
    floor.first.come_back()
    assert (floor.stages(), floor.open()) == ({"picked": 3}, ["PUT_BACK"])
    with floor.act() as act:
        task = packing.scan_tote(act, "b1", "T-1")
        assert {item.sku: item.expected for item in task.items} == {"MUG": 1, "BOWL": 2}
        assert [(left.sku, left.quantity) for left in task.leftovers] == [("MUG", 2)]
    floor.assert_nothing_waits()


# --- stock ----------------------------------------------------------------------------------------


def count(floor: FloorInTime, code: str, sku: str, units: int) -> None:
    """Somebody counts what is left in a bin now."""
    balance = Balance.get(
        Balance.place == Place.get(Place.code == code).id,
        Balance.item == builders.item(floor, sku),  # type: ignore[arg-type]  # as above
    )
    with floor.act() as act:
        desk.count(act, bytes(balance.id), units, "cycle count")


@pytest.mark.conflict("BIN_COUNTED")
def test_a_count_waits_for_the_device_that_is_away(floor: FloorInTime):
    finish(floor)
    count(floor, BIN, "MUG", 17)
    floor.run(HOUR_S)
    assert (floor.where_is("MUG"), floor.open()) == ({BIN: 20}, ["COUNT_WAITING"])
    floor.first.come_back()
    assert (floor.where_is("MUG"), floor.open()) == ({BIN: 17, "T-1": 3}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("BIN_COUNTED_EARLY")
def test_a_count_settled_without_waiting_shows_what_was_heard_of_later(floor: FloorInTime):
    finish(floor)
    floor.run(HOUR_S)
    count(floor, BIN, "MUG", 17)
    with floor.act() as act:
        exceptions.settle(act, _waiting(floor), "early", {"text": "cannot wait"})
    assert floor.where_is("MUG") == {BIN: 17}
    floor.first.come_back()
    assert floor.where_is("MUG") == {BIN: 14, "T-1": 3}
    assert floor.open() == ["LATE_MOVES"]
    floor.assert_nothing_waits()


def _waiting(floor: FloorInTime) -> bytes:
    from hub.floor_exceptions import FloorException

    return bytes(FloorException.get(FloorException.kind == "COUNT_WAITING").id)


def lose(floor: FloorInTime, code: str, sku: str) -> None:
    """Everything of an article is gone from a bin by the books; there is some elsewhere."""
    floor_hub: Any = floor
    builders.stock(floor_hub, THIRD_BIN, sku, 20)
    balance = Balance.get(
        Balance.place == Place.get(Place.code == code).id,
        Balance.item == builders.item(floor_hub, sku),
    )
    with floor.act() as act:
        settle_balance(act, bytes(balance.id), 0, "gone")


@pytest.mark.conflict("STOCK_GONE")
def test_missing_goods_are_fetched_from_another_bin(floor: FloorInTime):
    lose(floor, BIN, "MUG")
    floor.first.come_back()
    assert "New lines in your work" in floor.first.view.message or floor.first.view.phase == "BIN"
    stops = {line.bin: line.state for line in floor.first.works[0].assignment.lines}
    assert stops[THIRD_BIN] == "OPEN"
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.pick("MUG", THIRD_BIN, 3)
    floor.first.say("DONE")
    floor.run()
    assert (floor.stages(), floor.open()) == ({"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("STOCK_GONE_PICKED")
def test_goods_that_were_there_after_all_are_in_the_tote_and_the_bin_is_counted(
    floor: FloorInTime,
):
    lose(floor, BIN, "MUG")
    finish(floor)
    floor.first.come_back()
    assert floor.where_is("MUG") == {THIRD_BIN: 20, "T-1": 3}
    assert floor.open() == ["UNEXPLAINED_STOCK"]
    assert floor.stages() == {"picked": 5}
    assert floor.work.state == "COMPLETED"
    floor.assert_nothing_waits()


@pytest.mark.conflict("WORK_GREW")
def test_lines_that_a_finished_work_never_heard_of_are_work_of_their_own(floor: FloorInTime):
    lose(floor, BIN, "MUG")
    floor.first.scan(bin_label(BIN))
    floor.first.say("SHORT")
    floor.first.type("1")
    floor.first.pick("BOWL", OTHER_BIN, 2)
    floor.first.say("DONE", "LOGOUT")
    floor.first.come_back()
    assert floor.open() == []
    floor.second.log_in("BEN")
    floor.run()
    floor.second.tote("T-2")
    floor.second.pick("MUG", THIRD_BIN, 3, "T-2")
    floor.second.say("DONE")
    floor.run()
    assert {work.state for work in Assignment.select()} == {"COMPLETED"}
    assert (floor.stages(), floor.open()) == ({"picked": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("BARCODE_CHANGED")
def test_the_article_counts_whatever_its_label_reads_by_now(floor: FloorInTime):
    mug = builders.item(floor, "MUG")  # type: ignore[arg-type]  # as above
    with floor.act() as act:
        catalog.save_item(act, floor.company, "MUG", "A mug by another name")
        catalog.save_barcode(act, floor.company, "4012345678901", mug)
    finish(floor)
    floor.first.come_back()
    assert (floor.where_is("MUG"), floor.open()) == ({BIN: 17, "T-1": 3}, [])
    floor.assert_nothing_waits()


# --- totes ----------------------------------------------------------------------------------------


@pytest.mark.conflict("TOTE_AT_BENCH_EARLY")
def test_a_tote_waits_at_the_bench_until_its_device_was_heard(floor: FloorInTime):
    finish(floor)
    with pytest.raises(packing.NothingToPack), floor.act() as act:
        packing.scan_tote(act, "b1", "T-1")
    floor.first.come_back()
    with floor.act() as act:
        task = packing.scan_tote(act, "b1", "T-1")
        for item in task.items:
            task = packing.verify_item(act, task, item.sku, item.expected)
    assert (floor.stages(), floor.open()) == ({"packed": 5}, [])
    floor.assert_nothing_waits()


@pytest.mark.conflict("TOTE_PACKED_EARLY")
def test_a_tote_that_was_packed_without_waiting_is_in_the_books_twice(floor: FloorInTime):
    floor.first.machine.switch_radio(is_on=True)
    floor.run(600)
    floor.first.pick("MUG", BIN, 3)
    floor.run()
    floor.first.go_away()
    floor.first.pick("BOWL", OTHER_BIN, 2)
    with floor.act() as act:
        task = packing.scan_tote(act, "b1", "T-1", anyway=True)
        task = packing.verify_item(act, task, "MUG", 3, closes=False)
        packing.report_surplus(act, task, "T-1", "BOWL", 2)
        packing.close_parcel(act, task)
    floor.first.say("DONE")
    floor.first.come_back()
    assert floor.stages() == {"packed": 3, "picked": 2}
    assert floor.where_is("BOWL") == {OTHER_BIN: 18, "T-1": 4}, "two of them from unexplained"
    assert floor.open() == ["PACK_DIFFERENCE"]
    floor.assert_nothing_waits()


def shared_totes(folder: Path) -> FloorInTime:
    """Two people set up their carts with the same totes, one of them out of reach."""
    floor = FloorInTime(folder, {f"{BIN}/MUG": 20}, *[{"MUG": 1}] * 8)
    floor.first.log_in("ANA")
    floor.second.log_in("BEN")
    floor.first.go_away()
    totes = [f"T-{n}" for n in range(6)]
    floor.second.tote(*totes[: len(floor.second.works[0].progress.slots)])
    floor.first.tote(*totes[: len(floor.first.works[0].progress.slots)])
    floor.first.come_back()
    return floor


@pytest.mark.conflict("TOTE_SHARED")
def test_one_tote_named_by_two_is_looked_at_by_who_packs_it(tmp_path: Path):
    floor = shared_totes(tmp_path)
    assert set(floor.open()) == {"TOTE_SHARED"}
    floor.assert_nothing_waits()
