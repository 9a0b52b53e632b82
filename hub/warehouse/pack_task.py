"""What a packer has before them: one parcel, what belongs into it, and the totes it comes from.

Reads only; acts are in `packing`. The same read serves acts and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from hub.errors import NotFound

Rows = Callable[[str, Sequence[Any]], Sequence[tuple[Any, ...]]]
"""Carries out a read with `?` marks: `act.tx.rows`, or `hub.db.fetch` on a page."""


class PackItem(NamedTuple):
    """Units of one order line that are at the bench, and how many were verified."""

    order_line: bytes
    item: bytes
    sku: str
    name: str
    expected: int
    verified: int

    @property
    def left(self) -> int:
        return self.expected - self.verified


class ToteHere(NamedTuple):
    """A tote of the order and how many of its units it holds."""

    place: bytes
    code: str
    state: str
    units: int


class Leftover(NamedTuple):
    """Units in a tote at the bench that no order needs: they go back into a bin."""

    tote: bytes
    tote_code: str
    item: bytes
    sku: str
    name: str
    quantity: int


class PackTask(NamedTuple):
    """One parcel under way, or as it was closed. `state` is the parcel's."""

    parcel: bytes
    number: str
    state: str
    bench: str
    shipment: bytes
    shipment_number: str
    shipment_state: str
    order: bytes
    order_number: str
    ships_complete: bool
    items: tuple[PackItem, ...]
    totes: tuple[ToteHere, ...]
    """At the bench, being unpacked into this parcel."""
    elsewhere: tuple[ToteHere, ...]
    """Other totes that hold picked units of the order."""
    leftovers: tuple[Leftover, ...]
    to_pick: int
    """Units of the order that pickers still fetch."""
    backordered: int

    @property
    def expected(self) -> int:
        return sum(item.expected for item in self.items)

    @property
    def verified(self) -> int:
        return sum(item.verified for item in self.items)

    @property
    def is_verified(self) -> bool:
        """Whether everything at the bench was seen."""
        return all(item.verified == item.expected for item in self.items)

    @property
    def is_last(self) -> bool:
        """Whether nothing more of the order is on its way to the bench."""
        return not self.elsewhere and not self.to_pick


_HEAD: Final = (
    "SELECT p.id, p.number, p.state, p.bench, s.id, s.number, s.state, o.id, o.number, "
    "o.ships_complete FROM parcel p JOIN shipment s ON s.id = p.shipment "
    "JOIN sales_order o ON o.id = s.order_id WHERE p.id = ? AND s.site = ?"
)
_TOTES: Final = (
    "SELECT t.id, t.code, t.state, COALESCE(SUM(a.quantity), 0), MAX(CASE WHEN pt.parcel = ? "
    "THEN 1 ELSE 0 END) FROM place t LEFT JOIN parcel_tote pt ON pt.tote = t.id "
    "LEFT JOIN allocation a ON a.place = t.id AND a.order_id = ? AND a.state = 'PICKED' "
    "WHERE t.kind = 'TOTE' AND (t.id IN (SELECT place FROM allocation WHERE order_id = ? "
    "AND state = 'PICKED') OR t.id IN (SELECT tote FROM parcel_tote WHERE parcel = ?)) "
    "GROUP BY t.id, t.code, t.state ORDER BY t.code"
)
_EXPECTED: Final = (
    "SELECT l.id, l.item, i.sku, l.name, SUM(a.quantity) FROM allocation a "
    "JOIN order_line l ON l.id = a.order_line JOIN item i ON i.id = l.item "
    "WHERE a.order_id = ? AND a.state = 'PICKED' AND (a.place = ? OR a.place IN "
    "(SELECT tote FROM parcel_tote WHERE parcel = ?)) "
    "GROUP BY l.id, l.item, i.sku, l.name, l.n ORDER BY l.n"
)
_PACKED: Final = (
    "SELECT l.id, l.item, i.sku, l.name, p.quantity FROM parcel_line p "
    "JOIN order_line l ON l.id = p.order_line JOIN item i ON i.id = l.item "
    "WHERE p.parcel = ? ORDER BY l.n"
)
_LEFTOVERS: Final = (
    "SELECT t.id, t.code, b.item, i.sku, i.name, SUM(b.on_hand - b.allocated) "
    "FROM parcel_tote pt JOIN place t ON t.id = pt.tote JOIN balance b ON b.place = t.id "
    "JOIN item i ON i.id = b.item WHERE pt.parcel = ? AND b.on_hand > b.allocated "
    "GROUP BY t.id, t.code, b.item, i.sku, i.name ORDER BY t.code, i.sku"
)


def read_task(rows: Rows, parcel: bytes, site: str) -> PackTask:
    """The task of a parcel of the site; raises NotFound."""
    found = rows(_HEAD, (parcel, site))
    if not found:
        raise NotFound("parcel", parcel.hex())
    head = found[0]
    order, is_open = bytes(head[7]), head[2] == "OPEN"
    here, elsewhere = _totes(rows, parcel, order) if is_open else ((), ())
    to_pick, backordered = _waiting(rows, order)
    return PackTask(
        parcel, head[1], head[2], head[3], bytes(head[4]), head[5], head[6], order, head[8],
        bool(head[9]), _items(rows, parcel, order, is_open), here, elsewhere,
        _leftovers(rows, parcel), to_pick, backordered,
    )  # fmt: skip


def _items(rows: Rows, parcel: bytes, order: bytes, is_open: bool) -> tuple[PackItem, ...]:
    packed = rows(_PACKED, (parcel,))
    if not is_open:
        return tuple(_item(row, int(row[4]), int(row[4])) for row in packed)
    seen = {bytes(row[0]): int(row[4]) for row in packed}
    expected = {bytes(row[0]): row for row in rows(_EXPECTED, (order, parcel, parcel))}
    return tuple(
        _item(row, int(row[4]), seen.get(line, 0)) for line, row in expected.items()
    ) + tuple(_item(row, 0, int(row[4])) for row in packed if bytes(row[0]) not in expected)


def _item(row: tuple[Any, ...], expected: int, verified: int) -> PackItem:
    return PackItem(bytes(row[0]), bytes(row[1]), row[2], row[3], expected, verified)


def _totes(
    rows: Rows, parcel: bytes, order: bytes
) -> tuple[tuple[ToteHere, ...], tuple[ToteHere, ...]]:
    here: list[ToteHere] = []
    elsewhere: list[ToteHere] = []
    for id, code, state, units, is_here in rows(_TOTES, (parcel, order, order, parcel)):
        (here if is_here else elsewhere).append(ToteHere(bytes(id), code, state, int(units)))
    return tuple(here), tuple(elsewhere)


def _leftovers(rows: Rows, parcel: bytes) -> tuple[Leftover, ...]:
    return tuple(
        Leftover(bytes(tote), code, bytes(item), sku, name, int(quantity))
        for tote, code, item, sku, name, quantity in rows(_LEFTOVERS, (parcel,))
    )


def _waiting(rows: Rows, order: bytes) -> tuple[int, int]:
    """(units that pickers still fetch, units that wait for stock)."""
    sql = "SELECT SUM(released), SUM(backordered) FROM order_line WHERE order_id = ?"
    released, backordered = rows(sql, (order,))[0]
    return int(released or 0), int(backordered or 0)
