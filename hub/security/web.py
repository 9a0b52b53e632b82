"""The page Security: what the broker refused, devices met, codes were tried, pages denied."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from hub.devices import queries as devices
from hub.devices.rules import WARN_BEFORE_US
from hub.errors import BadValue
from hub.security import queries
from hub.security.kinds import AREAS, KINDS, kinds_of, sentence
from hub.security.queries import WEB, Row
from hub.web import live, naming, paging
from hub.web.context import web
from hub.web.security import needs

PAGES: Final = "pages"
pages = Blueprint("security", __name__, template_folder="templates")


@pages.get("/security")
@needs("audit", "read")
def security() -> ResponseReturnValue:
    """Newest first; `area` narrows it down."""
    area = request.args.get("area", "")
    if area and area not in AREAS:
        raise BadValue("area", area, f"use one of {', '.join(AREAS)}")
    page = paging.page_of(_rows(area), lambda row: [row.at, row.id])
    naming.prepare("person", [_person(row) for row in page.rows])
    return render_template(
        "security/security.html", page=page, area=area, areas=AREAS, kinds=KINDS,
        sentence=sentence, person=_person,
        ending=devices.ending(web().site, web().now_us() + WARN_BEFORE_US),
    )  # fmt: skip


def _rows(area: str) -> list[Row]:
    """One list out of two tables, by moment."""
    after, limit = _after(), paging.ROWS + 1
    found: list[Row] = []
    if area != PAGES:
        found += queries.events(web().site, kinds_of(area), after, limit)
    if area in ("", PAGES):
        found += queries.denials(after, limit)
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)[:limit]


def _after() -> tuple[int, bytes] | None:
    match paging.after():
        case [at, id] if at.isdigit() and len(at) < 18:
            try:
                return int(at), bytes.fromhex(id)
            except ValueError:
                return None
    return None


def _person(row: Row) -> bytes | None:
    """Whom it is about, where a person is."""
    if row.kind == WEB:
        return row.person
    text = row.values.get("person", "")
    return bytes.fromhex(text) if len(text) == 32 and text.isalnum() else None


def _live(_key: str) -> Any:
    last, count = queries.newest(web().site)
    return [last, count, queries.last_denial()]


live.provide("security", _live, needs=("audit", "read"), every_ms=1_000)
