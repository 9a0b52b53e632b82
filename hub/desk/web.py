"""Pages that join capabilities: today, search, stock that others hold, audit."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.desk import audit_words, queries, search
from hub.desk.acts import CancelOrder, CancelUnits, CountStock, ReleaseClaim
from hub.desk.service import Cancelled
from hub.devices import queries as devices
from hub.errors import NotFound
from hub.floor_exceptions import FloorException
from hub.inventory.models import Balance
from hub.orders import order_lists
from hub.orders.models import OrderLine
from hub.warehouse import exception_lists
from hub.warehouse.counts import Taken
from hub.warehouse.models import Wave
from hub.warehouse.web_floor import picture_path, state_now
from hub.web import acts, forms, live, naming, paging
from hub.web.context import may, web
from hub.web.security import needs, needs_somewhere
from hub.web.text import _, day_bounds, n_

EXCEPTIONS_SHOWN: Final = 8
pages = Blueprint("desk", __name__, template_folder="templates")


# --- today ---------------------------------------------------------------------------------------


@pages.get("/")
def today() -> ResponseReturnValue:
    """The day at a glance; for people of the floor, where to go."""
    if not may("warehouse", "read"):
        return render_template("desk/welcome.html")
    return render_template(
        "desk/today.html", picture=picture_path(), state=state_now(), **_today_parts()
    )


def _today_parts() -> dict[str, Any]:
    site, now_us = web().site, web().now_us()
    exceptions = exception_lists.tasks(site, rows=EXCEPTIONS_SHOWN)
    alone = [row for row in exceptions if isinstance(row, FloorException)]
    naming.prepare("place", [row.place for row in exceptions])
    naming.prepare("item", [row.item for row in alone])
    naming.prepare("person", [row.person for row in alone])
    return {
        "day": queries.day(site, now_us, day_bounds(now_us)),
        "waves": queries.live_waves(site),
        "kinds": exception_lists.open_by_kind(site),
        "exceptions": exceptions,
        "devices": queries.device_counts(site),
    }


def _live_today(_key: str) -> dict[str, Any]:
    parts = _today_parts()
    day, kinds = parts["day"], parts["kinds"]
    return {
        "day": day._asdict(), "devices": parts["devices"], "exceptions": sum(kinds.values()),
        "short": kinds.get("SHORT_PICK", 0), "of_day": day.gone + day.to_go,
        "waves": render_template("desk/waves.html", **parts),
        "list": render_template("desk/exceptions.html", **parts),
    }  # fmt: skip


# --- search --------------------------------------------------------------------------------------


@pages.get("/search")
def find() -> ResponseReturnValue:
    """Straight to the page when exactly one thing has this number or label."""
    text = request.args.get("q", "")
    hits = search.find(text)
    exact = [hit for hit in hits if hit.is_exact]
    if len(exact) == 1 or len(hits) == 1:
        return redirect((exact or hits)[0].path, 303)
    return render_template("desk/search.html", query=text, hits=hits)


# --- orders whose units are anywhere -------------------------------------------------------------


@pages.post("/orders/<order>/cancel")
@needs_somewhere(*CancelOrder.NEEDS)
def cancel_order(order: str) -> ResponseReturnValue:
    """All that no packer has seen; what lies in totes is put back."""
    id, reason = _order(order), forms.words("reason", signs_max=200)
    done = acts.carry_out(CancelOrder(id, reason))
    _tell_cancelled(done)
    return redirect(f"/orders/{order}", 303)


def _order(order: str) -> bytes:
    id = forms.id_of("order", order)
    if order_lists.order(web().site, id) is None:
        raise NotFound("order", order)
    return id


def _tell_cancelled(done: Cancelled) -> None:
    flash(n_("{n} unit is cancelled.", "{n} units are cancelled.", done.units), "done")
    if done.in_hand:
        flash(
            _("At a packing bench already, and still on the order: {n}. Whoever has them "
              "puts them back first; then cancel again.", n=done.in_hand),
            "warning",
        )  # fmt: skip


@pages.post("/orders/<order>/lines/cancel")
@needs_somewhere(*CancelUnits.NEEDS)
def cancel_units(order: str) -> ResponseReturnValue:
    line, quantity = forms.words("line", signs_max=32), forms.count("quantity")
    id, reason = forms.id_of("line", line), forms.words("reason", signs_max=200)
    if OrderLine.get_or_none(OrderLine.id == id, OrderLine.order == _order(order)) is None:
        raise NotFound("line", line)
    acts.carry_out(CancelUnits(id, quantity, reason))
    flash(n_("{n} unit is cancelled.", "{n} units are cancelled.", quantity), "done")
    return redirect(f"/orders/{order}", 303)


# --- stock that others hold ----------------------------------------------------------------------


@pages.post("/stock/balance/<balance>/adjust")
@needs(*CountStock.NEEDS)
def count(balance: str) -> ResponseReturnValue:
    """Somebody counted: the difference to what they saw is posted, and always accepted."""
    id = forms.id_of("stock", balance)
    if Balance.get_or_none(Balance.id == id, Balance.site == web().site) is None:
        raise NotFound("stock", balance)
    counted, reason = forms.count("counted", least=0), forms.words("reason")
    minutes = forms.count("minutes", least=0) if forms.optional("minutes") else 0
    taken = acts.carry_out(CountStock(id, counted, reason, minutes))
    _tell_counted(taken)
    return redirect(f"/stock/balance/{balance}", 303)


def _tell_counted(taken: Taken) -> None:
    if taken.done is None:
        names = ", ".join(taken.waits_for)
        flash(_("Counted. It waits for what these devices have yet to say: {names}.", names=names),
              "warning")  # fmt: skip
        return
    flash(_("Posted: {delta} units.", delta=f"{taken.done.surplus - taken.done.lost:+d}"), "done")
    if taken.done.gave_way:
        flash(_("{n} claims on missing units were planned anew.", n=taken.done.gave_way), "done")


@pages.post("/stock/claims/<claim>/release")
@needs(*ReleaseClaim.NEEDS)
def release_claim(claim: str) -> ResponseReturnValue:
    id = forms.id_of("claim", claim)
    path = naming.path("claim", id) or "/stock"
    acts.carry_out(ReleaseClaim(id))
    flash(_("The units are free; the order waits for stock again."), "done")
    return redirect(path, 303)


# --- audit ---------------------------------------------------------------------------------------


@pages.get("/audit")
@needs("audit", "read")
def audit() -> ResponseReturnValue:
    """Every act, latest first: who, when, device, why."""
    person, act = request.args.get("person", ""), request.args.get("act", "").strip()
    device = request.args.get("device", "").strip()
    rows = queries.journal_page(
        web().site, person=forms.id_of("person", person) if person else None, act=act,
        device=device, before=_before(), rows=paging.ROWS + 1,
    )  # fmt: skip
    page = paging.page_of(rows, lambda row: [row.position])
    told = [audit_words.tell(row) for row in page.rows]
    naming.prepare("person", [row.actor for row in page.rows])
    audit_words.prepare(told)
    return render_template(
        "desk/audit.html", page=page, told=told, shown=audit_words.shown, act=act, device=device,
        person=forms.id_of("person", person) if person else None,
    )  # fmt: skip


def _before() -> int | None:
    cursor = paging.after()
    return int(cursor[0][:18]) if len(cursor) == 1 and cursor[0].isdecimal() else None


@pages.get("/audit/<int:position>")
@needs("audit", "read")
def act(position: int) -> ResponseReturnValue:
    """One act with its whole input and what it moved."""
    row = queries.journal_row(web().site, min(position, 2**62))
    if row is None:
        raise NotFound("act", str(position))
    movements = queries.movements_of(web().site, row.key)
    moves = queries.line_moves_of(web().site, row.key)
    naming.prepare("place", [id for m in movements for id in (m.from_place, m.to_place)])
    naming.prepare("item", [m.item for m in movements])
    naming.prepare("order line", [m.order_line for m in moves])
    return render_template(
        "desk/act.html", row=row, told=audit_words.tell(row), shown=audit_words.shown,
        raw=_pretty(bytes(row.input)), movements=movements, moves=moves,
    )  # fmt: skip


def _pretty(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False, indent=2)
    except ValueError:
        return raw.decode("utf-8", "replace")


@pages.get("/audit/denials")
@needs("audit", "read")
def denials() -> ResponseReturnValue:
    """What people were not allowed to do, and failed log-ins."""
    page = paging.page_of(queries.denials(_before(), paging.ROWS + 1), lambda row: [row.at])
    naming.prepare("person", [row.person for row in page.rows])
    return render_template("desk/denials.html", page=page)


@pages.get("/audit/refused")
@needs("audit", "read")
def refused() -> ResponseReturnValue:
    """Messages from the network that were no messages."""
    return render_template("desk/refused.html", rows=devices.refused(web().site))


def _wave_names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = Wave.select(Wave.id, Wave.code).where(Wave.id.in_(ids)).tuples()
    return {id: (code, f"/waves/{id.hex()}") for id, code in rows}


live.provide("today", _live_today, needs=("warehouse", "read"), every_ms=500)
naming.tell("wave", _wave_names)
