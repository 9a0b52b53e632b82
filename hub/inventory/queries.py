"""Reads about places and stock: what is where, what may be taken, and who holds it.

Within an act they see its balances; gathered plain inserts only after `flush`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from peewee import JOIN, fn

from hub.floor_exceptions import FloorException
from hub.inventory.claims import HOLDING
from hub.inventory.models import Allocation, Balance, Place, Site
from hub.inventory.rules import BinStock

PARAMETERS_MAX: Final = 500
"""Ids in one IN list."""


class StockRow(NamedTuple):
    """Units of one item in one place and status."""

    balance: bytes
    place: bytes
    kind: str
    code: str
    state: str
    item: bytes
    lot: str
    status: str
    on_hand: int
    allocated: int

    @property
    def free(self) -> int:
        return self.on_hand - self.allocated


class Holder(NamedTuple):
    """Who holds units of a balance; `order` leads to the order's page."""

    allocation: bytes
    order: bytes
    order_line: bytes
    quantity: int
    state: str
    reason: str
    since: int


class PlaceRow(NamedTuple):
    id: bytes
    kind: str
    code: str
    state: str
    aisle: int
    block: int
    bay: int
    level: int
    x_cm: int
    y_cm: int
    holder: bytes | None


def in_parts(ids: Iterable[bytes], size: int = PARAMETERS_MAX) -> Iterator[list[bytes]]:
    """The ids in lists short enough for one statement."""
    source = iter(ids)
    while part := list(islice(source, size)):
        yield part


def site(code: str) -> Site | None:
    return Site.get_or_none(Site.code == code)


def place(site: str, kind: str, code: str) -> PlaceRow | None:
    """Find a place by what its label says."""
    asked = (Place.site == site) & (Place.kind == kind) & (Place.code == code)
    found = list(_places().where(asked))
    return PlaceRow(*found[0]) if found else None


def place_of(site: str, id: bytes) -> PlaceRow | None:
    """The place of this id, if it is the site's own."""
    found = list(_places().where((Place.site == site) & (Place.id == id)))
    return PlaceRow(*found[0]) if found else None


def places(ids: Iterable[bytes]) -> dict[bytes, PlaceRow]:
    """Places by id."""
    rows = [row for part in in_parts(ids) for row in _places().where(Place.id.in_(part))]
    return {row[0]: PlaceRow(*row) for row in rows}


def bins(site: str) -> list[PlaceRow]:
    """Every bin of a site by its code."""
    query = _places().where((Place.site == site) & (Place.kind == "BIN")).order_by(Place.code)
    return [PlaceRow(*row) for row in query]


def _places() -> Any:
    return Place.select(
        Place.id, Place.kind, Place.code, Place.state, Place.aisle, Place.block, Place.bay,
        Place.level, Place.x_cm, Place.y_cm, Place.holder,
    ).tuples()  # fmt: skip


def _stock(site: str) -> Any:
    return (
        Balance.select(
            Balance.id, Balance.place, Place.kind, Place.code, Place.state, Balance.item,
            Balance.lot, Balance.status, Balance.on_hand, Balance.allocated,
        )
        .join(Place, on=(Place.id == Balance.place))
        .where((Balance.site == site) & Balance.is_real & (Balance.on_hand > 0))
        .order_by(Place.code, Balance.item, Balance.lot, Balance.status)
        .tuples()
    )  # fmt: skip


def stock_of_item(site: str, item: bytes) -> list[StockRow]:
    """Everything of one item in real places, by place code."""
    return [StockRow(*row) for row in _stock(site).where(Balance.item == item)]


def stock_in(site: str, place: bytes) -> list[StockRow]:
    """Everything in one place."""
    return [StockRow(*row) for row in _stock(site).where(Balance.place == place)]


def stock_by_status(site: str) -> dict[str, int]:
    """Units in real places by status."""
    query: Any = (
        Balance.select(Balance.status, fn.SUM(Balance.on_hand))
        .where((Balance.site == site) & Balance.is_real)
        .group_by(Balance.status)
        .tuples()
    )
    return {status: int(units) for status, units in query if units}


def item_totals(site: str, items: Sequence[bytes]) -> dict[bytes, dict[str, int]]:
    """For each item the units on hand by status, and `allocated` over all: why a line is short."""
    totals: dict[bytes, dict[str, int]] = {item: {"allocated": 0} for item in items}
    for part in in_parts(items):
        query: Any = (
            Balance.select(
                Balance.item, Balance.status, fn.SUM(Balance.on_hand), fn.SUM(Balance.allocated)
            )
            .join(Place, on=(Place.id == Balance.place))
            .where((Balance.site == site) & (Place.kind == "BIN") & Balance.item.in_(part))
            .group_by(Balance.item, Balance.status)
            .tuples()
        )
        for item, status, units, allocated in query:
            totals[item][status] = int(units)
            totals[item]["allocated"] += int(allocated)
    return totals


def pickable(site: str, items: Iterable[bytes]) -> dict[bytes, list[tuple[BinStock, PlaceRow]]]:
    """Bins with free AVAILABLE units of these items.

    Left out: bins locked against taking out, and those in which somebody looked in vain for the
    item while nobody has settled that yet (an open SHORT_PICK).
    """
    found: dict[bytes, list[tuple[BinStock, PlaceRow]]] = {}
    for part in in_parts(items):
        for row in _pickable(site, part):
            item, balance, on_hand, allocated, *rest = row
            where = PlaceRow(*rest)
            bin = BinStock(balance, where.id, where.code, on_hand - allocated, where.level)
            found.setdefault(item, []).append((bin, where))
    return found


def _pickable(site: str, items: list[bytes]) -> Any:
    doubted = (FloorException.place == Balance.place) & (FloorException.item == Balance.item)
    short = FloorException.state.in_(("OPEN", "WAITING")) & (FloorException.kind == "SHORT_PICK")
    return (
        Balance.select(
            Balance.item, Balance.id, Balance.on_hand, Balance.allocated, Place.id, Place.kind,
            Place.code, Place.state, Place.aisle, Place.block, Place.bay, Place.level, Place.x_cm,
            Place.y_cm, Place.holder,
        )
        .join(Place, on=(Place.id == Balance.place))
        .switch(Balance)
        .join(FloorException, JOIN.LEFT_OUTER, on=(doubted & short))
        .where(
            (Balance.site == site)
            & Balance.item.in_(items)
            & (Balance.status == "AVAILABLE")
            & Balance.is_real
            & (Balance.on_hand > Balance.allocated)
            & (Place.kind == "BIN")
            & Place.state.in_(("ACTIVE", "BLOCKED_IN"))
            & FloorException.id.is_null()
        )
        .order_by(Place.code, Balance.id)
        .tuples()
    )  # fmt: skip


def who_holds(balance: bytes) -> list[Holder]:
    """Every claim on a balance, weakest first, as `claims.of_balance` lists them."""
    return _holders(Allocation.balance == balance)


def who_holds_item(site: str, item: bytes, place: bytes | None = None) -> list[Holder]:
    """Every claim on an item, everywhere or in one place."""
    balances = Balance.select(Balance.id).where((Balance.site == site) & (Balance.item == item))
    if place is not None:
        balances = balances.where(Balance.place == place)
    return _holders(Allocation.balance.in_(balances))


def _holders(asked: Any) -> list[Holder]:
    query: Any = (
        Allocation.select(
            Allocation.id, Allocation.order, Allocation.order_line, Allocation.quantity,
            Allocation.state, Allocation.reason, Allocation.created_at,
        )
        .where(asked & Allocation.state.in_(HOLDING))
        .order_by(Allocation.state, Allocation.created_at.desc(), Allocation.id.desc())
        .tuples()
    )  # fmt: skip
    return [Holder(*row) for row in query]
