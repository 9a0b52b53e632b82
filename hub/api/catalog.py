"""Articles over the API."""

from __future__ import annotations

from typing import Any

from hub.api import schemas
from hub.api.door import ask, auth, pages, refusals
from hub.catalog import queries
from hub.catalog.acts import SaveItem
from hub.catalog.models import Item
from hub.errors import NotFound
from hub.web import acts
from hub.web.context import web


@pages.get("/items")
@pages.auth_required(auth)
@pages.input(schemas.ItemQuery, location="query")
@pages.output(schemas.ItemPage)
@pages.doc(summary="Articles by SKU", responses=refusals())
def list_items(query_data: dict[str, Any]) -> Any:
    ask("catalog", "read")
    limit = query_data["limit"]
    rows = queries.item_page(
        web().company, text=query_data["q"], after=query_data.get("after") or "", rows=limit + 1
    )
    more = rows[limit - 1].sku if len(rows) > limit else None
    return {"items": [_out(row) for row in rows[:limit]], "next": more}


@pages.get("/items/<sku>")
@pages.auth_required(auth)
@pages.output(schemas.ItemOut)
@pages.doc(summary="One article", responses=refusals(404))
def one_item(sku: str) -> Any:
    ask("catalog", "read")
    return _out(_item(sku))


@pages.put("/items/<sku>")
@pages.auth_required(auth)
@pages.input(schemas.ItemIn)
@pages.output(schemas.ItemOut)
@pages.doc(summary="Make an article or bring it up to date; safe to repeat",
           responses=refusals(409, 413))  # fmt: skip
def put_item(sku: str, json_data: dict[str, Any]) -> Any:
    acts.carry_out(SaveItem(web().company, sku, **json_data))
    return _out(_item(sku))


def _item(sku: str) -> Item:
    found = queries.item_of_sku(web().company, sku)
    if found is None:
        raise NotFound("item", sku[:64])
    return found


def _out(item: Any) -> dict[str, Any]:
    return {
        "id": item.id.hex(), "sku": item.sku, "name": item.name, "status": item.status,
        "price_micros": item.price_micros, "version": item.version,
    }  # fmt: skip
