"""Reads about shipments and parcels: what is ready to leave, what was in a parcel."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from peewee import fn

from hub.catalog.models import Item
from hub.customers.models import Customer
from hub.errors import NotFound
from hub.orders.models import OrderLine, SalesOrder
from hub.orders.order_lists import Divisions
from hub.shipping.models import Parcel, ParcelLine, Shipment

ROWS: Final = 50
VIEWS: Final[dict[str, tuple[str, ...]]] = {
    "ready": ("LABELLED", "STAGED"),
    "packing": ("PLANNED", "PICKING", "PICKED", "PACKING", "PACKED"),
    "shipped": ("SHIPPED", "IN_TRANSIT", "DELIVERED"),
}


class ShipmentRow(NamedTuple):
    """One shipment on a list."""

    id: bytes
    number: str
    state: str
    order: bytes
    order_number: str
    country: str
    due_at: int
    parcels: int
    created_at: int
    shipped_at: int | None


class SlipLine(NamedTuple):
    sku: str
    name: str
    quantity: int


class Slip(NamedTuple):
    """What a packing slip says. `customer` is the one personal value on it."""

    parcel: str
    shipment: str
    order: str
    external_id: str
    customer: str
    packed_at: int | None
    lines: tuple[SlipLine, ...]
    elsewhere: tuple[SlipLine, ...]
    """In other parcels of the order."""
    to_follow: tuple[SlipLine, ...]
    """What is not packed yet and will be sent when it is there."""


def shipments(
    site: str, view: str = "ready", rows: int = ROWS, *, since_us: int = 0,
    divisions: Divisions = None,
) -> list[ShipmentRow]:  # fmt: skip
    """Shipments by what is next for them: the most urgent first; those that left (`shipped`, or
    `today`: since a moment) latest first."""
    parcels = (
        Parcel.select(fn.COUNT(Parcel.id))
        .where((Parcel.shipment == Shipment.id) & (Parcel.state != "VOID"))
    )  # fmt: skip
    query: Any = (
        Shipment.select(
            Shipment.id, Shipment.number, Shipment.state, Shipment.order, SalesOrder.number,
            SalesOrder.country, SalesOrder.due_at, parcels, Shipment.created_at,
            Shipment.shipped_at,
        )
        .join(SalesOrder, on=(SalesOrder.id == Shipment.order))
        .where(Shipment.site == site, *_inside(divisions))
    )  # fmt: skip
    if view in ("shipped", "today"):
        query = query.where(Shipment.shipped_at >= since_us).order_by(Shipment.shipped_at.desc())
    else:
        query = query.where(Shipment.state.in_(VIEWS.get(view, VIEWS["ready"])))
        query = query.order_by(SalesOrder.due_at, Shipment.number)
    return [ShipmentRow(*row) for row in query.limit(rows).tuples()]


def _inside(divisions: Divisions) -> list[Any]:
    """Only shipments of these divisions' orders; None stands for all of them."""
    if divisions is None:
        return []
    orders = SalesOrder.select(SalesOrder.id).where(SalesOrder.division.in_(sorted(divisions)))
    return [Shipment.order.in_(orders)]


def counts(site: str, divisions: Divisions = None) -> dict[str, int]:
    """How many shipments are in each view."""
    query: Any = (
        Shipment.select(Shipment.state, fn.COUNT(Shipment.id))
        .where(Shipment.site == site, *_inside(divisions))
        .group_by(Shipment.state)
        .tuples()
    )
    by_state = dict(query)
    return {
        view: sum(int(by_state.get(state, 0)) for state in states)
        for view, states in VIEWS.items()
    }  # fmt: skip


def left_since(site: str, since_us: int, divisions: Divisions = None) -> int:
    """How many shipments have left since a moment."""
    asked = (Shipment.site == site) & (Shipment.shipped_at >= since_us)
    return int(Shipment.select().where(asked, *_inside(divisions)).count())


def parcels_of(shipment: bytes) -> list[Parcel]:
    return list(Parcel.select().where(Parcel.shipment == shipment).order_by(Parcel.number))


def shipments_of(order: bytes) -> list[Shipment]:
    return list(Shipment.select().where(Shipment.order == order).order_by(Shipment.number))


def order_of(shipment: bytes) -> bytes:
    """Whose goods a shipment has; raises NotFound."""
    found = Shipment.get_or_none(Shipment.id == shipment)
    if found is None:
        raise NotFound("shipment", shipment.hex())
    return bytes(found.order)


def order_of_parcel(parcel: bytes) -> bytes:
    """Whose goods a parcel has; raises NotFound."""
    here = Parcel.select(Shipment.order).join(Shipment, on=(Shipment.id == Parcel.shipment))
    found = here.where(Parcel.id == parcel).tuples().first()
    if found is None:
        raise NotFound("parcel", parcel.hex())
    return bytes(found[0])


def open_parcels(site: str, bench: str, divisions: Divisions = None) -> list[Parcel]:
    """Parcels that are under way at a bench."""
    asked = (Parcel.state == "OPEN") & (Parcel.bench == bench) & (Shipment.site == site)
    here = Parcel.select().join(Shipment, on=(Shipment.id == Parcel.shipment))
    return list(here.where(asked, *_inside(divisions)).order_by(Parcel.number))


def slip(site: str, parcel: bytes) -> Slip:
    """The packing slip of a closed parcel of the site; raises NotFound."""
    query: Any = (
        Parcel.select(
            Parcel.number, Shipment.number, SalesOrder.id, SalesOrder.number,
            SalesOrder.external_id, Customer.name, Parcel.closed_at,
        )
        .join(Shipment, on=(Shipment.id == Parcel.shipment))
        .join(SalesOrder, on=(SalesOrder.id == Shipment.order))
        .left_outer_join(Customer, on=(Customer.id == SalesOrder.customer))
        .where(
            (Parcel.id == parcel) & (Shipment.site == site)
            & Parcel.state.not_in(("OPEN", "VOID"))
        )
        .tuples()
    )  # fmt: skip
    found = list(query)
    if not found:
        raise NotFound("closed parcel", parcel.hex())
    number, shipment, order, order_number, external_id, customer, closed_at = found[0]
    return Slip(
        number, shipment, order_number, external_id or "", customer or "", closed_at,
        *_slip_lines(order, parcel),
    )  # fmt: skip


def _slip_lines(order: bytes, parcel: bytes) -> tuple[tuple[SlipLine, ...], ...]:
    here: Any = ParcelLine.select(ParcelLine.order_line, ParcelLine.quantity).where(
        ParcelLine.parcel == parcel
    )
    inside = dict(here.tuples())
    lines: Any = (
        OrderLine.select(
            OrderLine.id, Item.sku, OrderLine.name, OrderLine.ordered - OrderLine.cancelled,
            OrderLine.packed + OrderLine.shipped,
        )
        .join(Item, on=(Item.id == OrderLine.item))
        .where(OrderLine.order == order)
        .order_by(OrderLine.n)
        .tuples()
    )  # fmt: skip
    packed: list[SlipLine] = []
    elsewhere: list[SlipLine] = []
    to_follow: list[SlipLine] = []
    for id, sku, name, wanted, done in lines:
        mine = int(inside.get(id, 0))
        for listed, quantity in (
            (packed, mine), (elsewhere, done - mine), (to_follow, wanted - done),
        ):  # fmt: skip
            if quantity > 0:
                listed.append(SlipLine(sku, name, int(quantity)))
    return tuple(packed), tuple(elsewhere), tuple(to_follow)
