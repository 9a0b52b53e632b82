"""Numbers of shipments and parcels are a company's own, gapless from 1, as those of its orders."""

from __future__ import annotations

from hub.inventory import service as inventory
from hub.shipping.models import Parcel, Shipment
from hub.verify.command import verify
from hub.warehouse import packing
from tests.hub.conftest import TestHub
from tests.hub.other_company import OtherHub
from tests.hub.warehouse import totes


def pack(hub: TestHub, tote: str) -> None:
    totes.picked(hub, {"MUG": 1}, tote)
    with hub.act() as act:
        packing.verify_item(act, packing.scan_tote(act, "b", tote), "MUG")


def test_two_companies_in_one_database_each_count_from_one(hub: TestHub) -> None:
    other = OtherHub.beside(hub)
    with other.act() as act:
        inventory.ensure_site(act, other.site, other.company, "Theirs")
    for of, tote in ((hub, "T1"), (other, "T1"), (hub, "T2"), (other, "T2")):
        pack(of, tote)
    for table, prefix in ((Shipment, "SH"), (Parcel, "P")):
        rows = table.select(table.company, table.number).order_by(table.company, table.number)
        assert list(rows.tuples()) == [
            (company, f"{prefix}-{n:06}") for company in ("other", "shop") for n in (1, 2)
        ]
    assert verify(hub.database).ok
