"""How the hub is, for machines: JSON, and Prometheus' text format."""

from __future__ import annotations

from typing import Any

from flask import Response

from hub.api import schemas
from hub.api.door import ask, auth, pages, refusals
from hub.health import metrics
from hub.health.rules import judge, worst
from hub.health.web import facts_now


@pages.get("/status")
@pages.auth_required(auth)
@pages.output(schemas.Status)
@pages.doc(summary="Whether all is well: one verdict for each thing", responses=refusals())
def status() -> dict[str, Any]:
    ask("status", "read")
    checks = judge(facts_now())
    return {"level": worst(checks), "checks": [check._asdict() for check in checks]}


@pages.get("/metrics")
@pages.auth_required(auth)
@pages.doc(
    summary="The same in Prometheus' text format",
    responses={
        200: {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **refusals(),
    },
)
def scrape() -> Response:
    ask("status", "read")
    return Response(metrics.text(facts_now()), content_type=metrics.CONTENT_TYPE)
