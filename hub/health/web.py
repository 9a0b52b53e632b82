"""The page that says whether all is well, and what to do where it is not."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from hub.health import texts
from hub.health.facts import gather
from hub.health.rules import Check, Facts, judge, worst
from hub.web import live
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _, moment

pages = Blueprint("health", __name__, template_folder="templates")
_UNITS: Final = ((2**30, "GB"), (2**20, "MB"), (2**10, "kB"))


class Line(NamedTuple):
    """A verdict in words."""

    name: str
    level: str
    title: str
    says: Any
    do: str
    page: str


@pages.get("/status")
@needs("status", "read")
def status() -> ResponseReturnValue:
    return render_template("health/status.html", **_parts())


def facts_now() -> Facts:
    """What is known of this hub at this moment."""
    return gather(web().site, web().settings.data, web().journal.clock)


def _parts() -> dict[str, Any]:
    facts = facts_now()
    checks = judge(facts)
    lines = sorted((_line(check) for check in checks), key=lambda line: _ORDER[line.level])
    return {"facts": facts, "lines": lines, "level": worst(checks),
            "number": sum(check.level != "GOOD" for check in checks)}  # fmt: skip


_ORDER: Final = {"BAD": 0, "WARN": 1, "GOOD": 2}


def _line(check: Check) -> Line:
    words = texts.WORDS[check.name, check.code]
    values = {name: _shown(name, value) for name, value in check.values.items()}
    says = Markup(_(words.says)).format(**values)  # noqa: S704 - our words; values are escaped
    return Line(
        check.name, check.level, _(texts.TITLES[check.name]), says,
        _(words.do) if words.do else "", texts.PAGES.get(check.name, ""),
    )  # fmt: skip


def _shown(name: str, value: Any) -> Any:
    if name in {"free", "size", "logs"}:
        return written_size(value)
    return moment(value) if name == "at" else value


def written_size(bytes_: int) -> str:
    """A size as people read it: three figures and a unit."""
    for unit, sign in _UNITS:
        if bytes_ >= unit:
            amount = bytes_ / unit
            return f"{amount:.1f} {sign}" if amount < 100 else f"{amount:.0f} {sign}"
    return f"{bytes_} B"


def _live_status(_key: str) -> dict[str, str]:
    return {"lines": render_template("health/lines.html", **_parts())}


live.provide("status", _live_status, needs=("status", "read"), every_ms=2_000)
