"""One search for everything, by typing or scanning: orders, articles, bins, totes, people, devices.

What is scanned is exact and leads straight to its page; what is typed gives a list.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.catalog import queries as catalog
from hub.devices.models import Device
from hub.inventory.models import Place
from hub.orders import order_lists
from hub.shipping.models import Parcel, Shipment
from hub.staff import queries as staff
from hub.warehouse.models import Wave
from hub.web.context import divisions, may, may_somewhere, web
from protocols.barcodes.classify import classify
from protocols.barcodes.errors import BarcodeError
from protocols.barcodes.scans import BadgeLabel, BinLabel, ItemCode, ToteLabel

ROWS_EACH: Final = 12
TEXT_MAX: Final = 120


class Hit(NamedTuple):
    """One thing found. `is_exact`: the text is its number or label."""

    kind: str
    title: str
    detail: str
    path: str
    is_exact: bool = False


def find(text: str) -> list[Hit]:
    """Everything that the text may mean and the person may see, exact ones first."""
    wanted = text.strip()[:TEXT_MAX]
    if not wanted:
        return []
    scanned = _scanned(wanted)
    if scanned is not None:
        return scanned
    wanted = _inside(wanted)
    hits = [*_orders(wanted), *_items(wanted), *_places(wanted), *_people(wanted), *_others(wanted)]
    return sorted(hits, key=lambda hit: not hit.is_exact)


def _scanned(text: str) -> list[Hit] | None:
    """A label of ours or a GS1 code; None for plain text."""
    try:
        scan = classify(text, aim=False)
    except BarcodeError:
        return None
    if isinstance(scan, BinLabel | ToteLabel):
        return [hit for hit in _places(scan.code) if hit.is_exact]
    if isinstance(scan, BadgeLabel):
        return [hit for hit in _people(scan.code) if hit.is_exact]
    if isinstance(scan, ItemCode) and scan.gtin:
        return [hit for hit in _items(scan.gtin) if hit.is_exact] or None
    return None


def _inside(text: str) -> str:
    """The code on a label of ours whose check signs are damaged: good enough to look it up."""
    return text[2:].rsplit(".", 1)[0] if text.startswith("%") else text


def _orders(text: str) -> list[Hit]:
    if not may_somewhere("orders", "read"):
        return []
    seen = divisions("orders", "read")
    exact = order_lists.order_by_number(web().company, text, seen)
    rows = order_lists.order_page(
        web().site, company=web().company, text=text, rows=ROWS_EACH, divisions=seen
    )
    return [
        Hit("order", row.number, row.external_id or row.channel, f"/orders/{row.id.hex()}",
            row.id == exact)
        for row in rows
    ]  # fmt: skip


def _items(text: str) -> list[Hit]:
    if not may("catalog", "read"):
        return []
    exact = catalog.item_of_code(web().company, text)
    hits = []
    if exact is not None:
        item = exact[0]
        hits.append(Hit("item", item.sku, item.name, f"/items/{item.id.hex()}", is_exact=True))
    rows = catalog.item_page(web().company, text=text, rows=ROWS_EACH)
    known = {hit.path for hit in hits}
    listed = [Hit("item", row.sku, row.name, f"/items/{row.id.hex()}") for row in rows]
    return hits + [hit for hit in listed if hit.path not in known]


def _places(text: str) -> list[Hit]:
    if not may("inventory", "read"):
        return []
    code = text.upper()
    query: Any = (
        Place.select(Place.id, Place.kind, Place.code)
        .where(
            Place.site == web().site,
            Place.kind.in_(("BIN", "TOTE", "DOCK")),
            (Place.code == text) | ((Place.code >= code) & (Place.code < code + "\U0010ffff")),
        )
        .order_by(Place.code)
        .limit(ROWS_EACH)
        .tuples()
    )
    return [
        Hit(kind.lower(), found, "", f"/stock/place/{id.hex()}", found in {text, code})
        for id, kind, found in query
    ]


def _people(text: str) -> list[Hit]:
    if not may("staff", "read"):
        return []
    return [
        Hit("person", person.name, ", ".join(roles), f"/people/{person.id.hex()}",
            text in {person.badge, person.login, person.name})
        for person, roles in staff.people(web().company, text)[:ROWS_EACH]
    ]  # fmt: skip


def _others(text: str) -> list[Hit]:
    hits = []
    if may("warehouse", "read"):
        waves: Any = Wave.select(Wave.id, Wave.code, Wave.title).where(
            Wave.site == web().site, (Wave.code == text) | Wave.title.contains(text)
        )
        hits += [
            Hit("wave", code, title, f"/waves/{id.hex()}", code == text)
            for id, code, title in waves.limit(ROWS_EACH).tuples()
        ]
    hits += _shipments(text) if may("shipping", "read") else []
    if may("devices", "read"):
        devices: Any = Device.select(Device.name, Device.kind).where(
            Device.site == web().site, Device.name.startswith(text.lower())
        )
        hits += [
            Hit("device", name, kind, f"/devices/{name}", name == text.lower())
            for name, kind in devices.limit(ROWS_EACH).tuples()
        ]
    return hits


def _shipments(text: str) -> list[Hit]:
    """Shipments and parcels by their number."""
    number = text.upper()
    shipments: Any = Shipment.select(Shipment.id, Shipment.number).where(
        (Shipment.number == number) & (Shipment.site == web().site)
    )
    parcels: Any = (
        Parcel.select(Parcel.id, Parcel.number)
        .join(Shipment, on=(Shipment.id == Parcel.shipment))
        .where((Parcel.number == number) & (Shipment.site == web().site))
    )
    found = [Hit("shipment", n, "", f"/shipments/{id.hex()}", True) for id, n in shipments.tuples()]
    page = "/packing?parcel={}" if may("warehouse", "pack") else "/stock/place/{}"
    return found + [Hit("parcel", n, "", page.format(id.hex()), True) for id, n in parcels.tuples()]
