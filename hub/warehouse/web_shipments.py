"""Shipments: what is ready to leave, and handing it over."""

from __future__ import annotations

from typing import Final

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.errors import HubError, NotFound
from hub.orders import order_lists
from hub.shipping import queries
from hub.shipping.acts import Ship, Stage
from hub.shipping.models import Shipment
from hub.staff.service import Denied
from hub.warehouse.web_pages import pages
from hub.web import acts, errors, forms, live, naming, text
from hub.web.context import divisions, somebody, web
from hub.web.security import needs_somewhere
from hub.web.text import _

ROWS_SHOWN: Final = 200


@pages.get("/shipments")
@needs_somewhere("shipping", "read")
def shipments() -> ResponseReturnValue:
    view = request.args.get("view", "ready")
    since_us = _today() if view == "today" else 0
    seen = divisions("shipping", "read")
    rows = queries.shipments(web().site, view, ROWS_SHOWN + 1, since_us=since_us, divisions=seen)
    left = queries.left_since(web().site, _today(), seen)
    counts = queries.counts(web().site, seen) | {"today": left}
    return render_template(
        "warehouse/shipments.html", shipments=rows[:ROWS_SHOWN], view=view, counts=counts,
        more=len(rows) > ROWS_SHOWN, is_live=seen is None,
        views=[
            ("ready", _("Ready to leave")), ("packing", _("Being packed")),
            ("today", _("Left today")), ("shipped", _("All that left")),
        ],
    )  # fmt: skip


def _today() -> int:
    return text.day_bounds(web().now_us())[0]


@pages.get("/shipments/<shipment>")
@needs_somewhere("shipping", "read")
def shipment(shipment: str) -> ResponseReturnValue:
    found = _shipment(shipment)
    division = order_lists.division_of(found.order)
    web().people.require(somebody(), "shipping", "read", division)
    parcels = queries.parcels_of(found.id)
    naming.prepare("person", [parcel.packed_by for parcel in parcels])
    return render_template(
        "warehouse/shipment.html", shipment=found, parcels=parcels, division=division
    )


def _shipment(shipment: str) -> Shipment:
    id = forms.id_of("shipment", shipment)
    found: Shipment | None = Shipment.get_or_none(
        (Shipment.id == id) & (Shipment.site == web().site)
    )
    if found is None:
        raise NotFound("shipment", shipment)
    return found


@pages.post("/shipments/<shipment>/ship")
@needs_somewhere(*Ship.NEEDS)
def ship(shipment: str) -> ResponseReturnValue:
    id = _shipment(shipment).id
    units = acts.carry_out(Ship(id))
    flash(_("{n} units have left.", n=units), "done")
    return redirect("/shipments", 303)


@pages.post("/shipments/ship-all")
@needs_somewhere(*Ship.NEEDS)
def ship_all() -> ResponseReturnValue:
    """Everything that was ticked; what is refused stays on the list with its reason."""
    gone = 0
    for ticked in request.form.getlist("shipment")[: queries.ROWS]:
        gone += _try_to_ship(ticked)
    if gone:
        flash(_("{n} shipments have left.", n=gone), "done")
    return redirect("/shipments", 303)


def _try_to_ship(shipment: str) -> int:
    found = _shipment(shipment)
    try:
        acts.carry_out(Ship(found.id))
    except HubError as refused:
        if isinstance(refused, Denied):
            errors.note_denied(refused)
        flash(f"{found.number}: {text.refusal(refused)}", "refusal")
        return 0
    return 1


@pages.post("/shipments/<shipment>/stage")
@needs_somewhere(*Stage.NEEDS)
def stage(shipment: str) -> ResponseReturnValue:
    id = _shipment(shipment).id
    acts.carry_out(Stage(id))
    return redirect(f"/shipments/{shipment}", 303)


live.provide(
    "shipments", lambda key: queries.counts(web().site), needs=("shipping", "read"), every_ms=500
)
