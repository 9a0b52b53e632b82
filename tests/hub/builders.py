"""Small worlds for tests: a bin with stock, an order, in one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.catalog import service as catalog
from hub.inventory import service as inventory
from hub.inventory.posting import Goods, place_id

if TYPE_CHECKING:
    from tests.hub.conftest import TestHub


def item(hub: TestHub, sku: str) -> bytes:
    """An article named after its SKU; the same one when asked again."""
    with hub.act() as act:
        return catalog.save_item(act, hub.company, sku, f"Article {sku}")


def goods(hub: TestHub, sku: str) -> Goods:
    return Goods(hub.company, item(hub, sku))


def stock(hub: TestHub, bin: str, sku: str, quantity: int) -> bytes:
    """So many units of an article in a bin, bought from the vendor; returns the place's id."""
    article = item(hub, sku)
    with hub.act() as act:
        inventory.ensure_place(act, "BIN", bin)
        if quantity:
            inventory.receive(act, bin, article, quantity, "opening")
    return place_id(hub.site, "BIN", bin)


def order(
    hub: TestHub, quantities: Mapping[str, int], *, external_id: str | None = None,
    division: str = "",
) -> bytes:  # fmt: skip
    """An approved order over these SKUs; returns its id."""
    from hub.orders import service as orders

    lines = tuple(
        orders.NewLine(item=item(hub, sku), quantity=quantity)
        for sku, quantity in quantities.items()
    )
    with hub.act() as act:
        return orders.place(
            act,
            orders.NewOrder(
                company=hub.company,
                channel="web",
                external_id=external_id,
                lines=lines,
                division=division,
            ),
        )
