"""The live map of the floor."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Final

import msgspec
from flask import Response, render_template
from flask.typing import ResponseReturnValue

from hub.inventory import queries as inventory
from hub.warehouse.floor import demo_floor, load_floor
from hub.warehouse.floor_state import floor_state
from hub.warehouse.floor_svg import STYLESHEET, svg
from hub.warehouse.web_pages import pages
from hub.web import live
from hub.web.context import web
from hub.web.security import needs

DASHES: Final = ("none", "60 30", "20 24", "90 24 20 24", "40 40", "120 30", "30 60", "60 20 20 20")
"""One pattern for each of the tour colours, for those who do not see them."""


@pages.get("/floor")
@needs("warehouse", "read")
def floor() -> ResponseReturnValue:
    """The hall once, and then what changes, as it changes."""
    return render_template("warehouse/floor.html", picture=picture_path(), state=state_now())


def picture_path() -> str:
    """Where `floor.js` gets the hall without people; the browser keeps it until it is rebuilt."""
    text = _layout()
    return f"/floor/picture.svg?is={hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _layout() -> str:
    site = inventory.site(web().site)
    return str(site.floor) if site else ""


@pages.get("/floor/picture.svg")
@needs("warehouse", "read")
def picture() -> Response:
    response = Response(_picture(_layout()), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def state_now() -> Any:
    """People, tours and bins as `floor.js` draws them."""
    return msgspec.to_builtins(floor_state(web().site))


@lru_cache(maxsize=4)
def _picture(text: str) -> str:
    return svg(load_floor(text) if text else demo_floor())


@pages.get("/floor/style.css")
def style() -> Response:
    """The picture's own colours and patterns."""
    response = Response(STYLESHEET + _patterns(), mimetype="text/css")
    response.headers["Cache-Control"] = "max-age=3600"
    return response


def _patterns() -> str:
    return "".join(
        f".floor polyline.tour-{n} {{ stroke-dasharray: {dash}; }}\n"
        for n, dash in enumerate(DASHES)
    )


def _live_floor(_key: str) -> Any:
    state = floor_state(web().site)
    return {
        "pickers": state.pickers, "bins": state.bins,
        "table": render_template("warehouse/pickers.html", state=state),
    }  # fmt: skip


live.provide("floor", _live_floor, needs=("warehouse", "read"), every_ms=250)
