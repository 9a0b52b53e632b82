"""Stock over the API."""

from __future__ import annotations

from typing import Any

from hub.api import schemas
from hub.api.door import ask, auth, pages, refusals
from hub.catalog import queries as catalog
from hub.errors import NotFound
from hub.inventory import queries
from hub.web.context import web


@pages.get("/stock")
@pages.auth_required(auth)
@pages.input(schemas.StockQuery, location="query")
@pages.output(schemas.StockList)
@pages.doc(summary="Where an article is, and how much of it is held", responses=refusals(404))
def stock(query_data: dict[str, Any]) -> Any:
    ask("inventory", "read")
    item = catalog.item_of_sku(web().company, query_data["sku"])
    if item is None:
        raise NotFound("item", query_data["sku"])
    rows = queries.stock_of_item(web().site, item.id)
    return {
        "sku": item.sku,
        "stock": [
            {"place": row.code, "kind": row.kind, "status": row.status, "on_hand": row.on_hand,
             "held": row.allocated}
            for row in rows
        ],
    }  # fmt: skip
