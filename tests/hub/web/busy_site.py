"""A site on which something of every kind is under way, so that every form of a page is there."""

from __future__ import annotations

from functools import partial

from hub.catalog import service as catalog
from hub.customers import service as customers
from hub.devices import service as devices
from hub.floor_exceptions import open_exception
from hub.inventory.posting import place_id
from hub.orders import service as orders
from hub.staff import service as staff
from hub.warehouse import packing
from hub.warehouse.exceptions import KINDS
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import floorwork, totes


def furnish(hub: TestHub, person: bytes) -> None:
    """Goods, orders, waves, parcels, shipments, devices, exceptions; a key of this person."""
    _goods_and_orders(hub)
    _work(hub)
    _parcels(hub)
    _devices_and_doubts(hub)
    with hub.act() as act:
        staff.add_token(act, person, "scripts", staff.token_digest("of the site"))


def _goods_and_orders(hub: TestHub) -> None:
    floorwork.bins(hub, "A-01-01-1", "A-02-03-1")
    builders.stock(hub, "A-01-01-1", "LAMP", 90)
    held, lamp = builders.order(hub, {"LAMP": 3}), builders.item(hub, "LAMP")
    with hub.act() as act:
        orders.hold(act, held, "MANUAL", "asks for another colour")
        catalog.save_barcode(act, hub.company, "4006381333931", lamp)
        customers.save_customer(act, hub.company, "C-1", name="Ada", email="ada@example.org")


def _work(hub: TestHub) -> None:
    floorwork.released(hub, [builders.order(hub, {"LAMP": 2})])
    allocated = floorwork.wave(hub, [builders.order(hub, {"LAMP": 1})], goal="ALLOCATED")
    assert allocated
    floorwork.wave(hub, [builders.order(hub, {"LAMP": 4})])
    floorwork.settle(hub)
    builders.order(hub, {"LAMP": 1})  # due, and in no wave


def _parcels(hub: TestHub) -> None:
    for tote in ("T1", "T2", "T3"):
        totes.picked(hub, {"MUG": 2, "BOWL": 1}, tote)
    for tote, is_closed in (("T1", False), ("T2", True)):
        with hub.act() as act:
            task = packing.scan_tote(act, "bench-1", tote)
        if is_closed:
            with hub.act() as act:
                packing.verify_item(act, packing.verify_item(act, task, "MUG", 2), "BOWL")


def _devices_and_doubts(hub: TestHub) -> None:
    item, place = builders.item(hub, "LAMP"), builders.stock(hub, "A-01-01-1", "LAMP", 1)
    with hub.act() as act:
        devices.add_device(act, "hh-1", "handheld", partial(bytes))
        for kind in KINDS:
            open_exception(act, kind, place=place, item=item, quantity=1, device="hh-1",
                           code="X", scanned="X", text="said", reason="LOST", subject="hh-1",
                           parked="0" * 32, refused="0" * 32)  # fmt: skip
        tote = place_id(hub.site, "TOTE", "T3")
        for _ in range(2):
            open_exception(act, "PUT_BACK", place=tote, item=item, quantity=1)
