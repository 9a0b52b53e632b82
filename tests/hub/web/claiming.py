"""Stock that an order holds, for pages about it."""

from __future__ import annotations

from hub.inventory import claims
from hub.inventory.models import Balance
from hub.orders import lines
from hub.orders.models import OrderLine
from tests.hub import builders
from tests.hub.conftest import TestHub


def claim_for_order(hub: TestHub, bin: str, sku: str, there: int, held: int) -> tuple[bytes, bytes]:
    """(balance, order): `there` units in the bin, `held` of them claimed by an order's line."""
    place = builders.stock(hub, bin, sku, there)
    order = builders.order(hub, {sku: held})
    line = OrderLine.get(OrderLine.order == order)
    balance = Balance.get(Balance.place == place).id
    with hub.act() as act:
        claims.claim(
            act, balance, held, order=order, order_line=line.id, item=line.item, place=place,
            reason="BEST",
        )  # fmt: skip
        lines.move(act, line.id, "open", "allocated", held)
    return balance, order
