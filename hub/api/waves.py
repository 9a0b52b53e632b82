"""Waves over the API: plan one of the due orders, release it."""

from __future__ import annotations

from typing import Any, Final

from hub.api import schemas
from hub.api.door import ask, auth, id_of, made_refusals, make, pages, refusals
from hub.errors import NotFound
from hub.warehouse.acts import PlanDueOrders, SetGoal
from hub.warehouse.models import Wave
from hub.web import acts
from hub.web.context import web

ROWS: Final = 100
_ITS_ID: Final = {"id": "$response.body#/id"}
MADE_WAVE: Final = {
    "wave": {"operationId": "get_api_one_wave", "parameters": _ITS_ID},
    "release": {"operationId": "post_api_release_wave", "parameters": _ITS_ID},
}
"""Where to go with the answer (OpenAPI links)."""


@pages.get("/waves")
@pages.auth_required(auth)
@pages.output(schemas.WaveList)
@pages.doc(summary="The newest waves", responses=refusals())
def list_waves() -> Any:
    ask("warehouse", "read")
    query = Wave.select().where(Wave.site == web().site).order_by(Wave.created_at.desc())
    return {"waves": [_out(wave) for wave in query.limit(ROWS)]}


@pages.get("/waves/<id>")
@pages.auth_required(auth)
@pages.output(schemas.WaveOut)
@pages.doc(summary="One wave", responses=refusals(404))
def one_wave(id: str) -> Any:
    ask("warehouse", "read")
    return _out(_wave(id))


def _wave(id: str) -> Wave:
    found = Wave.get_or_none(Wave.id == id_of("wave", id), Wave.site == web().site)
    if found is None:
        raise NotFound("wave", id)
    return found


def _out(wave: Wave) -> dict[str, Any]:
    return {
        "id": wave.id.hex(), "code": wave.code, "title": wave.title, "state": wave.state,
        "goal": wave.goal, "orders": wave.orders_total, "lines": wave.lines_total,
        "walk_cm": wave.walk_cm,
    }  # fmt: skip


@pages.post("/waves")
@pages.auth_required(auth)
@pages.input(schemas.WaveIn)
@pages.input(schemas.IdempotencyHeader, location="headers")
@pages.output(schemas.Made, status_code=201, links=MADE_WAVE)
@pages.doc(summary="Plan a wave of due orders", responses=made_refusals(409, 413))
def plan_wave(json_data: dict[str, Any], headers_data: dict[str, Any]) -> Any:
    ask("warehouse", "plan")
    return make(PlanDueOrders(**json_data), Wave, headers_data["idempotency_key"])


@pages.post("/waves/<id>/release")
@pages.auth_required(auth)
@pages.output(schemas.WaveOut)
@pages.doc(summary="Let the planner allocate and release it; safe to repeat",
           responses=refusals(404, 409))  # fmt: skip
def release_wave(id: str) -> Any:
    ask("warehouse", "release")
    wave = _wave(id)
    acts.carry_out(SetGoal(wave.id, "RELEASED"), needs=("warehouse", "release"))
    return _out(_wave(id))
