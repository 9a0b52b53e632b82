"""The page of exceptions: what happened, where, who, and the acts that settle it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.errors import NotFound
from hub.floor_exceptions import FloorException
from hub.inventory import queries as inventory
from hub.warehouse import counts, exception_lists, exception_totes, exceptions
from hub.warehouse.acts import SettleException, SettleTote
from hub.warehouse.exception_totes import PUT_BACK, Settled, ToteTask
from hub.warehouse.exceptions import KINDS, Remedy
from hub.warehouse.web_pages import pages
from hub.web import acts, forms, live, naming
from hub.web.context import may, web
from hub.web.security import needs
from hub.web.text import _, words


@pages.get("/exceptions")
@needs("warehouse", "read")
def all_exceptions() -> ResponseReturnValue:
    """Open ones as errands, oldest first; the settled ones of late on request."""
    kind, state = request.args.get("kind", ""), request.args.get("state", "OPEN")
    state = state if state in ("OPEN", "RESOLVED") else "OPEN"
    counts = exception_lists.open_by_kind(web().site)
    if kind in KINDS:
        counts.setdefault(kind, 0)
    return render_template(
        "warehouse/exceptions.html", rows=_rows(state, kind), kind=kind, state=state,
        kinds=[
            (name, _(KINDS[name].title) if name in KINDS else name, count)
            for name, count in sorted(counts.items())
        ],
    )  # fmt: skip


def _rows(state: str, kind: str) -> list[dict[str, Any]]:
    found: list[FloorException | ToteTask] = (
        exception_lists.tasks(web().site, kind=kind)
        if state == "OPEN"
        else [*exception_lists.exceptions(web().site, state=state, kind=kind)]
    )
    _prepare([row for row in found if isinstance(row, FloorException)])
    totes = _shown_totes([row for row in found if isinstance(row, ToteTask)])
    return [totes[row.place] if isinstance(row, ToteTask) else _shown(row) for row in found]


def _shown_totes(tasks: list[ToteTask]) -> dict[bytes, dict[str, Any]]:
    """Each tote with what is in it, and the ways that this person may settle all of it."""
    places = [task.place for task in tasks]
    naming.prepare("place", places)
    items = exception_totes.item_tasks(web().site, places)
    ways = [way for way in exception_totes.ways() if may(*way.needs)]
    return {
        task.place: {"tote": task, "items": items[task.place], "remedies": ways} for task in tasks
    }


def _tote(tote: str) -> bytes:
    """The place in an address; raises NotFound, for one of another site too."""
    id = forms.id_of("tote", tote)
    if inventory.place_of(web().site, id) is None:
        raise NotFound("tote", tote)
    return id


@pages.get("/exceptions/totes/<tote>")
@needs("warehouse", "read")
def one_tote(tote: str) -> ResponseReturnValue:
    """All that is to be put back from one tote, article by article and fact by fact."""
    place = _tote(tote)
    found = exception_totes.tote_tasks(web().site, 1, place)
    facts = exception_totes.facts_of(web().site, place)
    _prepare(facts)
    naming.prepare("place", [place])
    return render_template(
        "warehouse/exception_tote.html", place=place, facts=facts,
        shown=_shown_totes(found).get(place),
    )  # fmt: skip


@pages.post("/exceptions/totes/<tote>/<way>")
@needs("warehouse", "read")
def settle_tote(tote: str, way: str) -> ResponseReturnValue:
    place, chosen = _tote(tote), exceptions.remedy_named(PUT_BACK, way)
    item = request.form.get("item")
    article = forms.id_of("article", item) if item else None
    done = _settle_all(SettleTote(place, way, _answers(chosen, request.form), article), chosen)
    flash(_("{title}: {n} units, {facts} entries.", title=_(chosen.title), n=done.units,
            facts=done.facts), "done")  # fmt: skip
    goes_to_list = request.form.get("back") == "list"
    return redirect("/exceptions" if goes_to_list else f"/exceptions/totes/{tote}", 303)


def _settle_all(command: SettleTote, way: Remedy) -> Settled:
    """One act after the other until nothing is left; each is short, so that scans go on."""
    done = acts.carry_out(command, needs=way.needs)
    while done.left:
        more = acts.carry_out(command, needs=way.needs)
        done = Settled(done.units + more.units, done.facts + more.facts, more.left)
    return done


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
    return [_mark(row) for row in exception_lists.tasks(web().site, rows=200)]


def _mark(row: FloorException | ToteTask) -> str:
    """What differs as soon as the page should."""
    if isinstance(row, ToteTask):
        return f"{row.place.hex()} {row.facts}"
    return f"{row.id.hex()}{row.state}"


live.provide("exceptions", _live_exceptions, needs=("warehouse", "read"), every_ms=500)
