"""The page of exceptions: what happened, where, who, and the acts that settle it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.floor_exceptions import FloorException
from hub.warehouse import counts, exception_lists, exceptions
from hub.warehouse.acts import SettleException
from hub.warehouse.exceptions import KINDS, Remedy
from hub.warehouse.web_pages import pages
from hub.web import acts, forms, live, naming
from hub.web.context import may, web
from hub.web.security import needs
from hub.web.text import _, words


@pages.get("/exceptions")
@needs("warehouse", "read")
def all_exceptions() -> ResponseReturnValue:
    """Open ones, oldest first; the settled ones of late on request."""
    kind, state = request.args.get("kind", ""), request.args.get("state", "OPEN")
    state = state if state in ("OPEN", "RESOLVED") else "OPEN"
    rows = exception_lists.exceptions(web().site, state=state, kind=kind)
    _prepare(rows)
    counts = exception_lists.open_by_kind(web().site)
    if kind in KINDS:
        counts.setdefault(kind, 0)
    return render_template(
        "warehouse/exceptions.html", rows=[_shown(row) for row in rows], kind=kind, state=state,
        kinds=[
            (name, _(KINDS[name].title) if name in KINDS else name, count)
            for name, count in sorted(counts.items())
        ],
    )  # fmt: skip


@pages.get("/exceptions/<exception>")
@needs("warehouse", "read")
def one_exception(exception: str) -> ResponseReturnValue:
    row = exception_lists.exception(web().site, forms.id_of("exception", exception))
    _prepare([row])
    return render_template("warehouse/exception.html", row=_shown(row))


def _prepare(rows: list[FloorException]) -> None:
    naming.prepare("place", [row.place for row in rows])
    naming.prepare("item", [row.item for row in rows])
    naming.prepare("person", [id for row in rows for id in (row.person, row.resolved_by)])
    naming.prepare("order line", [row.order_line for row in rows])


def _shown(row: FloorException) -> dict[str, Any]:
    """One exception in words, with the ways that this person may settle it."""
    kind = KINDS.get(row.kind)
    values = exception_lists.values_of(row)
    found = exceptions.remedies_for(row.kind, row.quantity, values, row.state)
    return {
        "row": row,
        "title": _(kind.title) if kind else row.kind,
        "text": _(kind.text).format_map(_words_of(row, values)) if kind else "",
        "waits": _waits(row) if row.state == "WAITING" else "",
        "remedies": [remedy for remedy in found if row.state != "RESOLVED" and may(*remedy.needs)],
        "missing": abs(row.quantity),
    }


def _waits(row: FloorException) -> str:
    """What was counted, and for which devices that waits."""
    count = counts.of_exception(row.id)
    if count is None:
        return ""
    names = ", ".join(mark.device for mark in counts.waiting_for(row.site, count.as_of))
    return _("{n} counted. It waits for what devices have yet to say: {names}.", n=count.counted,
             names=names or "–")  # fmt: skip


def _words_of(row: FloorException, values: dict[str, Any]) -> dict[str, Any]:
    """The values of an exception as they stand in a sentence."""
    shown: dict[str, Any] = defaultdict(lambda: "–", values)
    shown["units"] = abs(row.quantity)
    shown["direction"] = _("fewer") if row.quantity < 0 else _("more")
    if values.get("reason"):
        shown["reason"] = words(values["reason"]).lower()
    return shown


@pages.post("/exceptions/<exception>/<remedy>")
@needs("warehouse", "read")
def settle(exception: str, remedy: str) -> ResponseReturnValue:
    row = exception_lists.exception(web().site, forms.id_of("exception", exception))
    chosen = exceptions.remedy_named(row.kind, remedy)
    said = acts.carry_out(
        SettleException(row.id, remedy, _answers(chosen, request.form)), needs=chosen.needs
    )
    flash(_("{title}: {said}.", title=_(chosen.title), said=said), "done")
    goes_to_list = request.form.get("back") == "list"
    return redirect("/exceptions" if goes_to_list else f"/exceptions/{exception}", 303)


def _answers(remedy: Remedy, form: Any) -> dict[str, Any]:
    return {name: form.get(name, "").strip() for name in remedy.asks}


def _live_exceptions(_key: str) -> Any:
    return [row.id.hex() + row.state for row in exception_lists.exceptions(web().site, rows=200)]


live.provide("exceptions", _live_exceptions, needs=("warehouse", "read"), every_ms=500)
