"""The packing bench: one box for the scanner, what is to be packed in big figures, the slip."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.catalog import queries as catalog
from hub.db import fetch
from hub.errors import BadValue, HubError, NotFound
from hub.inventory import queries as inventory
from hub.orders import order_lists
from hub.shipping import queries as shipping
from hub.shipping.acts import ReopenParcel
from hub.shipping.documents import packing_slip
from hub.warehouse import packing
from hub.warehouse.pack_acts import (
    CloseParcel,
    PutAside,
    ReportSurplus,
    ScanTote,
    StartOver,
    VerifyItem,
)
from hub.warehouse.pack_task import PackTask, read_task
from hub.warehouse.web_pages import PACK, pages
from hub.web import forms, once
from hub.web.context import divisions, somebody, web
from hub.web.security import needs_somewhere
from hub.web.text import _
from protocols.barcodes.classify import classify
from protocols.barcodes.errors import BarcodeError
from protocols.barcodes.labels import printed_code
from protocols.barcodes.scans import (
    BadgeLabel,
    BinLabel,
    Command,
    CommandName,
    ItemCode,
    ToteLabel,
)

BENCH_COOKIE: Final = "binlight_bench"
BENCH_MAX: Final = 24
YEAR_S: Final = 365 * 24 * 3600


@pages.get("/packing")
@needs_somewhere(*PACK)
def bench() -> ResponseReturnValue:
    """The parcel in the address, or the one that is open at this bench."""
    name, seen = _bench(), divisions(*PACK)
    others = shipping.open_parcels(web().site, name, seen) if name else []
    task = _asked_task() or (_task(others[0].id) if others else None)
    return render_template(
        "warehouse/packing.html", bench=name, task=task,
        division=order_lists.division_of(task.order) if task else "",
        others=[parcel for parcel in others if task is None or parcel.id != task.parcel],
        ready=shipping.counts(web().site, divisions("shipping", "read"))["ready"],
    )  # fmt: skip


def _bench() -> str:
    return request.cookies.get(BENCH_COOKIE, "")[:BENCH_MAX]


def _asked_task() -> PackTask | None:
    parcel = request.args.get("parcel")
    if not parcel:
        return None
    task = _task(forms.id_of("parcel", parcel))
    web().people.require(somebody(), *PACK, order_lists.division_of(task.order))
    return task


def _task(parcel: bytes) -> PackTask:
    return read_task(partial(fetch, web().database), parcel, web().site)


def _here() -> str:
    """Where what was carried out before is shown: at its parcel, or at what is open here."""
    parcel = (request.view_args or {}).get("parcel") or request.form.get("parcel")
    return f"/packing?parcel={forms.id_of('parcel', parcel).hex()}" if parcel else "/packing"


def _where_scanned() -> str:
    """As `_here`; a tote has brought its own parcel, and what is scanned next belongs to that."""
    code = forms.words("code")
    meaning = _meaning(code)
    tote = meaning.code if isinstance(meaning, ToteLabel) else _typed_tote(code)
    rows = partial(fetch, web().database)
    parcel = packing.parcel_of_tote(rows, web().site, tote) if tote else None
    return f"/packing?parcel={parcel.hex()}" if parcel else _here()


@pages.post("/packing/bench")
@needs_somewhere(*PACK)
def choose_bench() -> ResponseReturnValue:
    """Say at which bench this screen stands; the browser remembers it."""
    name = forms.words("bench", signs_max=BENCH_MAX)
    response = make_response(redirect("/packing", 303))
    response.set_cookie(
        BENCH_COOKIE, name, max_age=YEAR_S, httponly=True, samesite="Lax",
        secure=web().settings.is_https,
    )  # fmt: skip
    return response


@pages.post("/packing/scan")
@needs_somewhere(*PACK)
@once.answers_once(_where_scanned)
def scan() -> ResponseReturnValue:
    """One scan: a tote begins or joins a parcel, an article is verified, DONE closes."""
    code, parcel = forms.words("code"), _parcel_in_form()
    meaning = _meaning(code)
    if isinstance(meaning, ToteLabel):
        return _scan_tote(meaning.code)
    if isinstance(meaning, Command):
        return _command(meaning.name, parcel)
    if parcel is None:
        return _begin(code, meaning)
    return _verify(parcel, meaning.gtin or code if isinstance(meaning, ItemCode) else code)


class NotATote(HubError):
    """No parcel is begun yet, and something else was scanned."""

    code = "NOT_A_TOTE"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"That is {what}. Scan the label of a tote to begin.")


def _begin(code: str, meaning: Any) -> ResponseReturnValue:
    """A tote whose code was typed as it is printed; all else is named and refused."""
    tote = _typed_tote(code)
    if tote is None:
        raise NotATote(_said(code, meaning))
    return _scan_tote(tote)


def _typed_tote(code: str) -> str | None:
    """The tote that somebody names by what stands on its label: `T-0042`, with or without the check
    digits beside it.
    """
    named = printed_code(code) or code.upper()
    return named if inventory.place(web().site, "TOTE", named) is not None else None


def _said(code: str, meaning: Any) -> str:
    if isinstance(meaning, BinLabel):
        return f"the bin {meaning.code}"
    if isinstance(meaning, BadgeLabel):
        return "somebody's badge"
    gtin = meaning.gtin if isinstance(meaning, ItemCode) else None
    found = catalog.item_of_code(web().company, gtin or code)
    return f"{found[0].name} ({found[0].sku})" if found else f"'{code[:40]}', which nobody knows"


def _parcel_in_form() -> bytes | None:
    """The parcel on the screen, as long as it is open."""
    text = request.form.get("parcel", "")
    if not text:
        return None
    task = _task(forms.id_of("parcel", text))
    return task.parcel if task.state == "OPEN" else None


def _meaning(code: str) -> Any:
    """What the scan is, when it has a known form; a damaged label of ours is refused."""
    try:
        return classify(code, aim=False)
    except BarcodeError:
        if code.startswith("%"):
            raise
        return None


def _scan_tote(code: str) -> ResponseReturnValue:
    order = packing.order_of_tote(partial(fetch, web().database), web().site, code)
    brought = ScanTote(_bench(), code, forms.is_ticked("anyway"))
    return _show(once.carry_out(brought, division=order_lists.division_of(order)))


def _verify(parcel: bytes, code: str) -> ResponseReturnValue:
    quantity = forms.count("quantity") if request.form.get("quantity") else 1
    try:
        task = once.carry_out(VerifyItem(parcel, code, quantity))
    except NotFound:
        tote = _typed_tote(code)
        if tote is None:
            raise
        return _scan_tote(tote)
    if task.state != "OPEN":
        _tell_closed(task)
    return _show(task)


def _command(name: CommandName, parcel: bytes | None) -> ResponseReturnValue:
    if parcel is None or name not in (CommandName.DONE, CommandName.UNDO):
        raise BadValue("code", name.value, "scan a tote or an article; DONE closes a parcel")
    if name is CommandName.UNDO:
        return _start_over(parcel)
    return _close(parcel, "MISSING")


def _show(task: PackTask) -> ResponseReturnValue:
    return redirect(f"/packing?parcel={task.parcel.hex()}", 303)


def _tell_closed(task: PackTask) -> None:
    if task.state == "VOID":
        flash(_("Nothing was in the tote; parcel {number} is void.", number=task.number), "done")
        return
    flash(_("Parcel {number} is closed: {n} units.", number=task.number, n=task.verified), "done")
    for left in task.leftovers:
        flash(
            _("{n} × {name} are left in tote {tote}: put them back.", n=left.quantity,
              name=left.name, tote=left.tote_code),
            "warning",
        )  # fmt: skip


# --- one parcel ----------------------------------------------------------------------------------


def _named(parcel: str) -> bytes:
    """The parcel in an address; raises NotFound, for one of another site too."""
    return _task(forms.id_of("parcel", parcel)).parcel


@pages.post("/packing/<parcel>/close")
@needs_somewhere(*PACK)
@once.answers_once(_here)
def close(parcel: str) -> ResponseReturnValue:
    """Close over what was verified; the rest is missing, or comes with the next parcel."""
    return _close(_named(parcel), forms.words("rest", signs_max=10))


def _close(parcel: bytes, rest: str) -> ResponseReturnValue:
    if rest not in ("MISSING", "LATER"):
        raise BadValue("rest", rest, "use MISSING or LATER")
    task = once.carry_out(CloseParcel(parcel, "LATER" if rest == "LATER" else "MISSING"))
    _tell_closed(task)
    return _show(task)


@pages.post("/packing/<parcel>/again")
@needs_somewhere(*PACK)
@once.answers_once(_here)
def start_over(parcel: str) -> ResponseReturnValue:
    return _start_over(_named(parcel))


def _start_over(parcel: bytes) -> ResponseReturnValue:
    return _show(once.carry_out(StartOver(parcel)))


@pages.post("/packing/<parcel>/aside")
@needs_somewhere(*PACK)
@once.answers_once(lambda: "/packing")
def put_aside(parcel: str) -> ResponseReturnValue:
    id = _named(parcel)
    once.carry_out(PutAside(id))
    flash(_("Put aside; its totes can be scanned at any bench."), "done")
    return redirect("/packing", 303)


@pages.post("/packing/<parcel>/surplus")
@needs_somewhere(*PACK)
@once.answers_once(_here)
def surplus(parcel: str) -> ResponseReturnValue:
    """The tote holds units that no book knows of."""
    id, tote, code = _named(parcel), forms.words("tote"), forms.words("surplus_code")
    quantity = forms.count("surplus_quantity")
    once.carry_out(ReportSurplus(id, tote, code, quantity))
    flash(_("Noted: {n} too many in tote {tote}. Leave them there.", n=quantity, tote=tote), "done")
    return redirect(f"/packing?parcel={parcel}", 303)


@pages.post("/packing/<parcel>/reopen")
@needs_somewhere(*PACK)
@once.answers_once(_here)
def reopen(parcel: str) -> ResponseReturnValue:
    id, reason = _named(parcel), forms.words("reason", signs_max=200)
    once.carry_out(ReopenParcel(id, reason))
    return redirect(f"/packing?parcel={parcel}", 303)


@pages.get("/packing/<parcel>/slip.pdf")
@needs_somewhere("shipping", "read")
def slip(parcel: str) -> Response:
    """The packing slip; the same bytes each time."""
    id = _named(parcel)
    division = order_lists.division_of(shipping.order_of_parcel(id))
    web().people.require(somebody(), "shipping", "read", division)
    found = shipping.slip(web().site, id)
    response = Response(packing_slip(found, web().settings.title), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{found.parcel}.pdf"'
    return response
