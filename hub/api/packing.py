"""Packing over the API: what a packer's bench does with its scanner."""

from __future__ import annotations

from functools import partial
from typing import Any

from hub.api import schemas
from hub.api.door import ask, ask_somewhere, auth, id_of, pages, refusals, row_of
from hub.db import fetch
from hub.errors import AlreadyDone
from hub.orders import order_lists
from hub.warehouse import packing
from hub.warehouse.pack_acts import CloseParcel, ScanTote, VerifyItem
from hub.warehouse.pack_task import PackTask, read_task
from hub.web import acts
from hub.web.context import web


@pages.post("/packing/tote")
@pages.auth_required(auth)
@pages.input(schemas.ToteIn)
@pages.output(schemas.PackOut)
@pages.doc(summary="A tote comes to the bench; safe to repeat",
           responses=refusals(404, 409, 413))  # fmt: skip
def scan_tote(json_data: dict[str, Any]) -> Any:
    ask_somewhere("warehouse", "pack")
    order = packing.order_of_tote(partial(fetch, web().database), web().site, json_data["tote"])
    brought = ScanTote(json_data["bench"], json_data["tote"], json_data["anyway"])
    return _out(acts.carry_out(brought, division=order_lists.division_of(order)))


@pages.post("/packing/verify")
@pages.auth_required(auth)
@pages.input(schemas.VerifyIn)
@pages.input(schemas.IdempotencyHeader, location="headers")
@pages.output(schemas.PackOut)
@pages.doc(summary="Units of an article were seen; the last one closes the parcel",
           responses=refusals(404, 409, 413))  # fmt: skip
def verify_item(json_data: dict[str, Any], headers_data: dict[str, Any]) -> Any:
    """The same idempotency key again counts nothing, and tells how far the parcel is by now."""
    ask_somewhere("warehouse", "pack")
    parcel, key = id_of("parcel", json_data["parcel"]), headers_data["idempotency_key"]
    seen = VerifyItem(parcel, json_data["code"], json_data["quantity"], json_data["closes"])
    ask("warehouse", "pack", seen.asked_in())
    kept = f"pack/{parcel.hex()}/{key}"
    try:
        return _out(acts.carry_out(seen, key=kept))
    except AlreadyDone:
        row_of(kept, seen, key)
        return _out(read_task(partial(fetch, web().database), parcel, web().site))


@pages.post("/packing/close")
@pages.auth_required(auth)
@pages.input(schemas.CloseIn)
@pages.output(schemas.PackOut)
@pages.doc(summary="Close the parcel over what was verified; safe to repeat",
           responses=refusals(404, 409, 413))  # fmt: skip
def close_parcel(json_data: dict[str, Any]) -> Any:
    ask_somewhere("warehouse", "pack")
    parcel = id_of("parcel", json_data["parcel"])
    return _out(acts.carry_out(CloseParcel(parcel, json_data["rest"])))


def _out(task: PackTask) -> dict[str, Any]:
    return {
        "parcel": task.parcel.hex(), "number": task.number, "state": task.state,
        "bench": task.bench, "order": task.order.hex(), "order_number": task.order_number,
        "items": [
            {"sku": item.sku, "name": item.name, "expected": item.expected,
             "verified": item.verified}
            for item in task.items
        ],
        "totes": [tote.code for tote in task.totes], "to_pick": task.to_pick,
    }  # fmt: skip
