"""Files of stock: what is in which bin. Each row is a receipt from the vendor into that bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from hub.bulk.kinds.catalogue import item_id, skus
from hub.bulk.kinds.row_file import RowFile, Values
from hub.bulk.posting import Context
from hub.bulk.reading import Errors, some_text, whole_number
from hub.catalog.rules import sku_key
from hub.inventory import service as inventory
from hub.inventory.models import Place
from hub.inventory.posting import Goods, Where, place_id, post, virtual
from hub.journal import Act
from protocols.limits import QUANTITY_MAX

REASON = "import"


def status(text: str) -> str:
    """A stock status; empty is AVAILABLE."""
    if text and text not in inventory.STATUSES:
        raise ValueError(f"use one of {', '.join(inventory.STATUSES)}")
    return text or "AVAILABLE"


class StockFile(RowFile):
    """Opening stock or a receipt: bin, sku, quantity."""

    name = "stock"
    needed = ("bin", "sku", "quantity")
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "bin": some_text, "sku": some_text, "quantity": whole_number(1, QUANTITY_MAX),
        "lot": str, "status": status,
    }  # fmt: skip

    def check(self, context: Context, rows: list[tuple[int, Values]], errors: Errors) -> None:
        known = skus(context.company)
        query = Place.select(Place.code).where(
            (Place.site == context.site) & (Place.kind == "BIN") & (Place.state != "RETIRED")
        )
        bins = {row.code for row in query}
        for n, values in rows:
            if values["bin"] not in bins:
                errors.add(n, "bin", "UNKNOWN_BIN", f"{context.site} has no bin {values['bin']}")
            if sku_key(values["sku"]) not in known:
                errors.add(n, "sku", "UNKNOWN_ARTICLE", f"there is no article {values['sku']}")

    def post_row(self, act: Act, context: Context, values: Values) -> str:
        """Post the receipt. A bin that was blocked since then still takes it: the file stands."""
        goods = Goods(context.company, item_id(act, context.company, values["sku"]), values["lot"])
        bin = Where(place_id(act.site, "BIN", values["bin"]), True, values["status"])
        post(act, goods, values["quantity"], virtual(act.site, "VENDOR"), bin, REASON)
        return "stock"
