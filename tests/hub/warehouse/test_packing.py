"""Packing: what is in the tote gets into the parcel, once, and nothing else does."""

from __future__ import annotations

import pytest

from hub.db import fetch
from hub.errors import NotFound, WrongState
from hub.floor_exceptions import FloorException
from hub.inventory.posting import place_id
from hub.orders.models import OrderLine, SalesOrder
from hub.shipping import service as shipping
from hub.shipping.models import Parcel, Shipment
from hub.verify.command import verify
from hub.warehouse import packing
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes


def stages(hub: TestHub, order: bytes) -> dict[str, int]:
    columns = ["open", "backordered", "released", "picked", "packed", "shipped", "cancelled"]
    lines = list(OrderLine.select().where(OrderLine.order == order))
    found = {name: sum(getattr(line, name) for line in lines) for name in columns}
    return {name: units for name, units in found.items() if units}


def tote_state(hub: TestHub, code: str) -> tuple[str, object]:
    sql = "SELECT state, holder FROM place WHERE id = ?"
    ((state, holder),) = fetch(hub.database, sql, (place_id(hub.site, "TOTE", code),))
    return state, holder


def test_the_last_scan_closes_the_parcel_and_empties_the_tote(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 2, "BOWL": 1}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "bench-1", "t1")
    assert [(item.sku, item.expected, item.verified) for item in task.items] == [
        ("MUG", 2, 0),
        ("BOWL", 1, 0),
    ]
    assert tote_state(hub, "T1")[0] == "AT_STATION"
    with hub.act() as act:
        task = packing.verify_item(act, task, "MUG", 2)
        assert (task.state, task.verified) == ("OPEN", 2)
        task = packing.verify_item(act, task, "bowl")
    assert task.state == "LABELLED"
    assert tote_state(hub, "T1") == ("EMPTY", None)
    assert stages(hub, order) == {"packed": 3}
    assert totes.units_in(hub, "PARCEL", task.number, "MUG") == 2
    assert Shipment.get().state == "LABELLED"
    assert verify(hub.database).ok


def test_a_shipped_order_is_closed_and_its_goods_are_gone(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG", 2)
    with hub.act() as act:
        assert shipping.ship(act, task.shipment) == 2
    assert SalesOrder.get_by_id(order).state == "CLOSED"
    assert stages(hub, order) == {"shipped": 2}
    assert totes.units_in(hub, "CUSTOMER", "customer", "MUG") == 2
    with pytest.raises(WrongState), hub.act() as act:
        shipping.ship(act, task.shipment)
    assert verify(hub.database).ok


def test_scanning_the_same_tote_twice_changes_nothing(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        first = packing.scan_tote(act, "b", "T1")
        packing.verify_item(act, first, "MUG", 1)
    with hub.act() as act:
        again = packing.scan_tote(act, "b", "T1")
    assert (again.parcel, again.verified) == (first.parcel, 1)
    assert Parcel.select().count() == 1


def test_of_two_benches_that_scan_one_tote_the_first_has_it(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        packing.scan_tote(act, "b1", "T1")
    with pytest.raises(packing.ToteAtOtherBench) as refusal, hub.act() as act:
        packing.scan_tote(act, "b2", "T1")
    assert refusal.value.bench == "b1"


def test_what_is_not_for_the_order_is_named_and_not_counted(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 2}, "T1")
    builders.item(hub, "BOWL")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        with pytest.raises(packing.WrongItemScanned, match="Article BOWL"):
            packing.verify_item(act, task, "BOWL")
        with pytest.raises(packing.TooManyScanned, match="Put 1 aside"):
            packing.verify_item(act, task, "MUG", 3)
        with pytest.raises(NotFound):
            packing.verify_item(act, task, "4711-UNHEARD")
        assert packing.read(act, task).verified == 0


def test_units_that_are_not_in_the_tote_are_noted_and_the_rest_is_packed(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 3, "BOWL": 1}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        packing.verify_item(act, task, "MUG", 2)
        task = packing.close_parcel(act, task)
    assert task.state == "LABELLED"
    assert stages(hub, order) == {"packed": 2, "backordered": 2}
    found = {(e.kind, e.quantity) for e in FloorException.select()}
    assert found == {("PACK_DIFFERENCE", -1)}
    assert FloorException.select().count() == 2
    assert tote_state(hub, "T1")[0] == "EMPTY"
    assert totes.units_in(hub, "UNEXPLAINED", "unexplained", "MUG") == 1
    assert verify(hub.database).ok


def test_an_empty_tote_packs_nothing_and_gives_its_number_back_as_void(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 1}, "T1")
    with hub.act() as act:
        task = packing.close_parcel(act, packing.scan_tote(act, "b", "T1"))
    assert task.state == "VOID"
    assert Shipment.get().state == "CANCELLED"
    assert stages(hub, order) == {"backordered": 1}
    assert verify(hub.database).ok


def test_a_full_box_leaves_the_rest_for_the_next_parcel(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 3}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        packing.verify_item(act, task, "MUG", 2)
        packing.close_parcel(act, task, rest="LATER")
    assert tote_state(hub, "T1") == ("CLOSED", order)
    with hub.act() as act:
        second = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
    assert second.state == "LABELLED"
    assert second.shipment == task.shipment
    with hub.act() as act:
        assert shipping.ship(act, task.shipment) == 3
    assert FloorException.select().count() == 0
    assert verify(hub.database).ok


def test_two_totes_of_an_order_go_into_one_parcel(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "MUG", 2)
    builders.stock(hub, "A-01-01-1", "BOWL", 1)
    order = builders.order(hub, {"MUG": 2, "BOWL": 1})
    totes.pick(hub, order, "MUG", 2, "T1")
    totes.pick(hub, order, "BOWL", 1, "T2")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        assert [tote.code for tote in task.elsewhere] == ["T2"]
        task = packing.verify_item(act, task, "MUG", 2)
        assert task.state == "OPEN", "the other tote is still to come"
        task = packing.scan_tote(act, "b", "T2")
        task = packing.verify_item(act, task, "BOWL")
    assert task.state == "LABELLED"
    assert Parcel.select().count() == 1
    assert {tote_state(hub, code)[0] for code in ("T1", "T2")} == {"EMPTY"}


def test_left_over_units_keep_the_tote_from_being_empty(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 1}, "T1")
    totes.put_loose(hub, "BOWL", 2, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
    assert [(left.sku, left.quantity) for left in task.leftovers] == [("BOWL", 2)]
    assert tote_state(hub, "T1") == ("UNLOADED", None)


def test_a_tote_without_goods_for_an_order_is_refused_by_name(hub: TestHub) -> None:
    totes.put_loose(hub, "BOWL", 2, "T7")
    with pytest.raises(packing.NothingToPack, match="2 units in it go back"), hub.act() as act:
        packing.scan_tote(act, "b", "T7")
    with pytest.raises(NotFound, match="tote"), hub.act() as act:
        packing.scan_tote(act, "b", "T8")


def test_more_than_booked_is_booked_as_unexplained_and_left_in_the_tote(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 1}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        packing.report_surplus(act, task, "T1", "MUG", 2)
        task = packing.verify_item(act, task, "MUG")
    assert [(left.sku, left.quantity) for left in task.leftovers] == [("MUG", 2)]
    (difference,) = FloorException.select()
    assert (difference.kind, difference.quantity) == ("PACK_DIFFERENCE", 2)
    assert totes.units_in(hub, "TOTE", "T1", "MUG") == 2
    assert verify(hub.database).ok


def test_a_parcel_put_aside_gives_its_totes_to_any_bench(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b1", "T1")
        packing.verify_item(act, task, "MUG", 1)
        packing.put_aside(act, task)
    assert tote_state(hub, "T1") == ("CLOSED", order)
    with hub.act() as act:
        task = packing.scan_tote(act, "b2", "T1")
    assert (task.bench, task.verified) == ("b2", 0)


def test_a_closed_parcel_can_be_opened_again_until_it_leaves(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 2}, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG", 2)
    with hub.act() as act:
        shipping.reopen_parcel(act, task.parcel, "forgot the leaflet")
    assert stages(hub, order) == {"picked": 2}
    with pytest.raises(shipping.ParcelStillOpen), hub.act() as act:
        shipping.ship(act, task.shipment)
    with hub.act() as act:
        assert packing.verify_item(act, task, "MUG", 2).state == "LABELLED"
    with hub.act() as act:
        shipping.stage(act, task.shipment)
        shipping.ship(act, task.shipment)
    with pytest.raises(WrongState), hub.act() as act:
        shipping.reopen_parcel(act, task.parcel, "too late")
    assert verify(hub.database).ok


def test_an_order_that_ships_complete_waits_for_its_last_unit(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "MUG", 1)
    order = builders.order(hub, {"MUG": 2})
    SalesOrder.update(ships_complete=True).where(SalesOrder.id == order).execute()
    totes.pick(hub, order, "MUG", 1, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
    with pytest.raises(shipping.OrderIncomplete) as refusal, hub.act() as act:
        shipping.ship(act, task.shipment)
    assert refusal.value.missing == 1


def test_closing_a_closed_parcel_again_changes_nothing(hub: TestHub) -> None:
    order = totes.picked(hub, {"MUG": 1}, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
    with hub.act() as act:
        assert packing.close_parcel(act, task).state == "LABELLED"
    assert stages(hub, order) == {"packed": 1}
