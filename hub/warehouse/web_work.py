"""Pages of work on the floor: who has what, how far it is, taking it back, handing it over."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.errors import NotFound
from hub.staff import queries as staff
from hub.warehouse import queries, wave_lists
from hub.warehouse.acts import HandOverWork, RecallWork, RevokeWork, SetAsideWork
from hub.warehouse.models import Assignment
from hub.warehouse.web_pages import pages
from hub.web import acts, forms, live, naming
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _


@pages.get("/work")
@needs("warehouse", "read")
def work() -> ResponseReturnValue:
    rows = queries.progress_of(site=web().site)
    over = wave_lists.completed_work(web().site, 20)
    for shown in (rows, over):
        naming.prepare("person", [row.person for row in shown])
        naming.prepare("wave", [row.wave for row in shown])
    return render_template(
        "warehouse/work.html", work=rows, over=over, reserve=wave_lists.in_reserve(web().site)
    )


@pages.get("/work/<assignment>")
@needs("warehouse", "read")
def assignment(assignment: str) -> ResponseReturnValue:
    found = _assignment(assignment)
    lines = wave_lists.lines_of(found.id)
    slots = wave_lists.slots_of(found.id)
    naming.prepare("order", [row.order for row in slots])
    return render_template(
        "warehouse/assignment.html", work=found, lines=lines, slots=slots,
        takers=_takers(),
        over=sum(1 for line in lines if line.state in ("DONE", "SHORT", "CANCELLED")),
    )  # fmt: skip


def _assignment(assignment: str) -> Assignment:
    id = forms.id_of("work", assignment)
    found: Assignment | None = Assignment.get_or_none(
        (Assignment.id == id) & (Assignment.site == web().site)
    )
    if found is None:
        raise NotFound("work", assignment)
    return found


@pages.post("/work/<assignment>/<step>")
@needs("warehouse", "read")
def step_work(assignment: str, step: str) -> ResponseReturnValue:
    """Ask it back, hand it over without waiting, keep it for somebody, or take it off the floor
    before anybody began."""
    id, heir = _assignment(assignment).id, _heir()
    steps: dict[str, tuple[Command[None], str]] = {
        "ask-back": (
            RevokeWork(id), _("Asked back; it stays with its holder until they answer.")
        ),
        "hand-over": (HandOverWork(id, heir), _("Handed over.")),
        "keep": (SetAsideWork(id, heir), _("Noted.")),
        "recall": (
            RecallWork(id), _("Taken off the floor; its units can be planned again.")
        ),
    }  # fmt: skip
    if step not in steps:
        raise NotFound("step of work", step[:20])
    command, said = steps[step]
    acts.carry_out(command)
    flash(f"{said} {_who_next(heir)}" if step in ("hand-over", "keep") else said, "done")
    return redirect(f"/work/{assignment}", 303)


def _heir() -> bytes | None:
    """The person chosen in the form; None for whoever asks next. Raises NotFound."""
    text = request.form.get("person", "")
    if not text:
        return None
    person = staff.person(web().company, forms.id_of("person", text))
    if person is None:
        raise NotFound("person", text)
    return bytes(person.id)


def _who_next(heir: bytes | None) -> str:
    if heir is None:
        return _("Whoever asks for work next gets it.")
    return _("{name} gets it first, with the next NEXT.", name=naming.label("person", heir))


def _takers() -> list[tuple[str, str]]:
    """Whom work can be kept for: people of this shift with a badge."""
    everybody = [("", _("whoever asks next"))]
    shift = staff.shift_people(web().company, web().site)
    return everybody + [(person.id, person.name) for person in shift]


def _live_work(key: str) -> Any:
    if not key:
        return [row[0].hex() + str(row[3:]) for row in queries.progress_of(site=web().site)]
    found = Assignment.get_or_none(Assignment.id == forms.id_of("work", key))
    if found is None:
        return None
    lines = wave_lists.lines_of(found.id)
    return [found.state, found.device, found.rev, [[line.state, line.picked] for line in lines]]


live.provide("work", _live_work, needs=("warehouse", "read"), every_ms=500)
