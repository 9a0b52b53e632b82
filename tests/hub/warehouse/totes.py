"""Orders whose goods are in totes already, for stories that begin at the packing bench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.inventory import claims
from hub.inventory import service as inventory
from hub.inventory.posting import Goods, Where, balance_id, place_id, post
from hub.orders import lines
from tests.hub import builders

if TYPE_CHECKING:
    from hub.journal import Act
    from tests.hub.conftest import TestHub


def picked(
    hub: TestHub, quantities: Mapping[str, int], tote: str, *, bin: str = "A-01-01-1"
) -> bytes:
    """An order over these SKUs, all of it picked into a tote; returns its id."""
    for sku, quantity in quantities.items():
        builders.stock(hub, bin, sku, quantity)
    order = builders.order(hub, quantities)
    for sku, quantity in quantities.items():
        pick(hub, order, sku, quantity, tote, bin=bin)
    return order


def pick(
    hub: TestHub, order: bytes, sku: str, quantity: int, tote: str, *, bin: str = "A-01-01-1"
) -> None:
    """Units of one SKU go from a bin into a tote, for this order."""
    goods = builders.goods(hub, sku)
    with hub.act() as act:
        line = _line(act, order, goods.item)
        place = inventory.ensure_place(act, "TOTE", tote)
        act.tx.run("UPDATE place SET state = 'FULL', holder = ? WHERE id = ?", (order, place))
        source, target = Where(place_id(hub.site, "BIN", bin)), Where(place)
        id = claims.claim(
            act, balance_id(hub.site, goods, source), quantity, order=order, order_line=line,
            item=goods.item, place=source.place, reason="test",
        )  # fmt: skip
        assert id is not None
        held = claims.get(act, id)
        assert held is not None
        claims.advance(act, id, "ALLOCATED", "RELEASED")
        post(act, goods, quantity, source, target, "pick", claimed=True, keeps_claim=True)
        there = balance_id(hub.site, goods, target)
        claims.carry(act, held._replace(state="RELEASED"), there, place)
        for before, after in (("open", "allocated"), ("allocated", "released"),
                              ("released", "picked")):  # fmt: skip
            lines.move(act, line, before, after, quantity)


def _line(act: Act, order: bytes, item: bytes) -> bytes:
    act.tx.flush()
    row = act.tx.row("SELECT id FROM order_line WHERE order_id = ? AND item = ?", (order, item))
    assert row is not None
    return bytes(row[0])


def put_loose(hub: TestHub, sku: str, quantity: int, tote: str) -> None:
    """Units that nobody claims lie in a tote."""
    goods = builders.goods(hub, sku)
    builders.stock(hub, "A-01-01-1", sku, quantity)
    with hub.act() as act:
        place = inventory.ensure_place(act, "TOTE", tote)
        post(act, Goods(*goods), quantity, Where(place_id(hub.site, "BIN", "A-01-01-1")),
             Where(place), "loose")  # fmt: skip


def units_in(hub: TestHub, kind: str, code: str, sku: str) -> int:
    """What the books have of a SKU in a place."""
    goods = builders.goods(hub, sku)
    is_real = kind in ("BIN", "TOTE", "PARCEL")
    with hub.act() as act:
        row = act.tx.row(
            "SELECT on_hand FROM balance WHERE id = ?",
            (balance_id(hub.site, goods, Where(place_id(hub.site, kind, code), is_real)),),
        )
    return 0 if row is None else int(row[0])
