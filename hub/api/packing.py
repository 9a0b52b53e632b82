"""Packing over the API: what a packer's bench does with its scanner."""

from __future__ import annotations

from typing import Any

from hub.api import schemas
from hub.api.door import ask, auth, id_of, pages, refusals
from hub.warehouse import packing
from hub.warehouse.pack_task import PackTask
from hub.web import acts


@pages.post("/packing/tote")
@pages.auth_required(auth)
@pages.input(schemas.ToteIn)
@pages.output(schemas.PackOut)
@pages.doc(summary="A tote comes to the bench; safe to repeat", responses=refusals(404, 409))
def scan_tote(json_data: dict[str, Any]) -> Any:
    task = acts.perform(
        "warehouse.pack",
        lambda act: packing.scan_tote(
            act, json_data["bench"], json_data["tote"], anyway=json_data["anyway"]
        ),
        input=json_data,
    )
    return _out(task)


@pages.post("/packing/verify")
@pages.auth_required(auth)
@pages.input(schemas.VerifyIn)
@pages.input(schemas.IdempotencyHeader, location="headers")
@pages.output(schemas.PackOut)
@pages.doc(summary="Units of an article were seen; the last one closes the parcel",
           responses=refusals(404, 409))  # fmt: skip
def verify_item(json_data: dict[str, Any], headers_data: dict[str, Any]) -> Any:
    """The same idempotency key again counts nothing (409 ALREADY_DONE)."""
    ask("warehouse", "pack")
    parcel = id_of("parcel", json_data["parcel"])
    key = f"pack/{parcel.hex()}/{headers_data['idempotency_key']}"
    task = acts.perform(
        "warehouse.pack",
        lambda act: packing.verify_item(
            act, parcel, json_data["code"], json_data["quantity"], closes=json_data["closes"]
        ),
        input=json_data, key=key,
    )  # fmt: skip
    return _out(task)


@pages.post("/packing/close")
@pages.auth_required(auth)
@pages.input(schemas.CloseIn)
@pages.output(schemas.PackOut)
@pages.doc(summary="Close the parcel over what was verified; safe to repeat",
           responses=refusals(404, 409))  # fmt: skip
def close_parcel(json_data: dict[str, Any]) -> Any:
    parcel = id_of("parcel", json_data["parcel"])
    task = acts.perform(
        "warehouse.pack",
        lambda act: packing.close_parcel(act, parcel, rest=json_data["rest"]),
        input=json_data,
    )
    return _out(task)


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
