"""Rows out of the hub, in the columns in which they can be imported again. Reads only.

Secrets do not leave: people come without PIN and password. Orders come as what is still wanted.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TextIO

import peewee

from hub.bulk.kinds.plain_orders import written_moment
from hub.bulk.reading import written_price
from hub.catalog.models import Barcode, Item
from hub.customers.models import Customer
from hub.errors import BadValue
from hub.inventory.models import Balance, Place
from hub.orders.models import OrderHold, OrderLine, SalesOrder
from hub.staff.models import Person, PersonRole
from hub.staff.rules import ANY as EVERY_DIVISION

Cells = Sequence[object]
OPEN_STATES: Final = ("PLACED", "ON_HOLD", "APPROVED")


def write_csv(kind: str, company: str, site: str, file: TextIO) -> int:
    """Write all rows of a kind; returns how many. Raises BadValue."""
    if kind not in EXPORTS:
        raise BadValue("kind", kind, "use one of " + ", ".join(EXPORTS))
    header, rows = EXPORTS[kind]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in rows(company, site):
        writer.writerow(row)
        count += 1
    return count


def _items(company: str, _site: str) -> Iterator[Cells]:
    query = Item.select().where(Item.company == company).order_by(Item.sku_key)
    for i in query.iterator():
        price = written_price(i.price_micros)
        yield i.sku, i.name, i.status, i.base_unit, price, i.weight_g, i.volume_ml


def _barcodes(company: str, _site: str) -> Iterator[Cells]:
    query = (
        Barcode.select(Barcode.code, Item.sku, Barcode.unit, Barcode.quantity)
        .join(Item, on=(Item.id == Barcode.item))
        .where(Barcode.company == company)
        .order_by(Item.sku_key, Barcode.code)
    )
    yield from query.tuples().iterator()


def _stock(company: str, site: str) -> Iterator[Cells]:
    """What is in bins. Goods in totes and parcels belong to orders on their way."""
    query = (
        Balance.select(Place.code, Item.sku, Balance.on_hand, Balance.lot, Balance.status)
        .join(Place, on=(Place.id == Balance.place))
        .join(Item, on=(Item.id == Balance.item))
        .where(
            (Balance.company == company)
            & (Balance.site == site)
            & (Place.kind == "BIN")
            & (Balance.on_hand > 0)
        )
        .order_by(Place.code, Item.sku_key, Balance.lot, Balance.status)
    )
    yield from query.tuples().iterator()


def _people(company: str, _site: str) -> Iterator[Cells]:
    query = Person.select().where((Person.company == company) & Person.is_active)
    for person in query.order_by(Person.name, Person.id):
        held = PersonRole.select().where(  # a file says no division, and would widen the others
            PersonRole.person == person.id, PersonRole.division == EVERY_DIVISION
        )
        roles = sorted(r.role if r.site == "*" else f"{r.role}@{r.site}" for r in held)
        must_change = "yes" if person.must_change else "no"
        yield (person.name, person.badge or "", "", person.login or "", "", " ".join(roles),
               person.language, must_change)  # fmt: skip


def _orders(company: str, site: str) -> Iterator[Cells]:
    wanted = OrderLine.ordered - OrderLine.cancelled - OrderLine.shipped
    o = SalesOrder
    query = (
        OrderLine.select(
            o.id, o.external_id, o.number, Item.sku, wanted, OrderLine.name,
            OrderLine.price_micros, o.channel, o.division, Customer.external_id, o.country,
            o.currency, o.placed_at, o.due_at, o.priority, o.ships_complete,
        )
        .join(o, on=(o.id == OrderLine.order))
        .join(Item, on=(Item.id == OrderLine.item))
        .join(Customer, peewee.JOIN.LEFT_OUTER, on=(Customer.id == o.customer))
        .where((o.company == company) & (o.site == site) & o.state.in_(OPEN_STATES) & (wanted > 0))
        .order_by(o.placed_at, o.number, OrderLine.n)
    )  # fmt: skip
    holds = _holds()
    for id, external, number, *rest in query.tuples().iterator():
        yield external or number, *_order_cells(rest), holds.get(id, "")


def _order_cells(rest: list[Any]) -> Cells:
    (sku, quantity, name, price, channel, division, customer, country, currency, placed, due,
     priority, complete) = rest  # fmt: skip
    return (sku, quantity, name, written_price(price), channel, division, customer or "", country,
            currency, written_moment(placed), written_moment(due), priority,
            "yes" if complete else "no")  # fmt: skip


def _holds() -> dict[bytes, str]:
    standing: dict[bytes, list[str]] = {}
    for hold in OrderHold.select().where(OrderHold.state == "PLACED").order_by(OrderHold.reason):
        standing.setdefault(hold.order, []).append(hold.reason)
    return {order: " ".join(reasons) for order, reasons in standing.items()}


EXPORTS: Final[dict[str, tuple[Sequence[str], Callable[[str, str], Iterator[Cells]]]]] = {
    "items": (("sku", "name", "status", "unit", "price", "weight_g", "volume_ml"), _items),
    "barcodes": (("code", "sku", "unit", "quantity"), _barcodes),
    "stock": (("bin", "sku", "quantity", "lot", "status"), _stock),
    "people": (
        ("name", "badge", "pin", "login", "password", "roles", "language", "must_change"),
        _people,
    ),
    "orders": (
        ("order", "sku", "quantity", "name", "price", "channel", "division", "customer", "country",
         "currency", "placed_at", "due_at", "priority", "ships_complete", "holds"),
        _orders,
    ),
}  # fmt: skip
