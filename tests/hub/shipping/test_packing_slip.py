"""The packing slip: what is inside, what is elsewhere, what follows; nothing personal beyond."""

from __future__ import annotations

import pytest

from hub.errors import NotFound
from hub.shipping import queries
from hub.shipping.documents import packing_slip
from hub.shipping.queries import Slip, SlipLine
from hub.warehouse import packing
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes


def test_says_what_is_inside_what_is_elsewhere_and_what_follows(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "MUG", 3)
    order = builders.order(hub, {"MUG": 3, "BOWL": 2}, external_id="536365")
    totes.pick(hub, order, "MUG", 3, "T1")
    with hub.act() as act:
        first = packing.scan_tote(act, "b", "T1")
        packing.verify_item(act, first, "MUG", 2)
        packing.close_parcel(act, first, rest="LATER")
        second = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
    slip = queries.slip(hub.site, second.parcel)
    assert (slip.parcel, slip.external_id) == ("P-000002", "536365")
    assert slip.lines == (SlipLine("MUG", "Article MUG", 1),)
    assert slip.elsewhere == (SlipLine("MUG", "Article MUG", 2),)
    assert slip.to_follow == (SlipLine("BOWL", "Article BOWL", 2),)


def test_an_open_parcel_has_no_slip_yet(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 1}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
    with pytest.raises(NotFound):
        queries.slip(hub.site, task.parcel)


def test_is_the_same_paper_each_time_and_takes_any_name() -> None:
    lines = tuple(SlipLine(f"SKU-{n}", "Laterne »Möwe« 灯", n + 1) for n in range(60))
    slip = Slip("P-1", "SH-1", "SO-1", "", "Zoë Ångström", 1_700_000_000_000_000, lines, (), ())
    paper = packing_slip(slip, "Test warehouse")
    assert paper.startswith(b"%PDF-")
    assert paper == packing_slip(slip, "Test warehouse")
    assert paper.count(b"/Type /Page\n") == 2


def test_shipments_are_listed_by_what_is_next_for_them(hub: TestHub) -> None:
    from hub.shipping import service

    totes.picked(hub, {"MUG": 1}, "T1")
    totes.picked(hub, {"MUG": 1}, "T2")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG")
        packing.scan_tote(act, "b", "T2")
    assert queries.counts("w1") == {"ready": 1, "packing": 1, "shipped": 0}
    with hub.act() as act:
        service.ship(act, task.shipment)
    (gone,) = queries.shipments("w1", "shipped")
    assert (gone.id, gone.parcels, gone.state) == (task.shipment, 1, "SHIPPED")
    assert [row.state for row in queries.shipments("w1", "packing")] == ["PACKING"]
