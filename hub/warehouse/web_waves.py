"""Pages of waves: the list, planning one, one wave with its preview, tours and shortages."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.db import fetch
from hub.errors import BadValue, NotFound
from hub.warehouse import comparing, order_pool, queries, reserve_setting, streaming, wave_lists
from hub.warehouse.acts import (
    AskComparison,
    HoldWave,
    PlanWave,
    ResumeWave,
    SetGoal,
    SetReserve,
    SetStream,
)
from hub.warehouse.comparing import Comparison, PlanFigures
from hub.warehouse.models import Wave
from hub.warehouse.order_pool import OrderFilter
from hub.warehouse.queries import Preview
from hub.warehouse.wave_lists import Progress
from hub.warehouse.web_pages import PLAN, pages
from hub.web import acts, forms, live, naming
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _

PLAN_ORDERS: Final = 60


@pages.get("/waves")
@needs("warehouse", "read")
def waves() -> ResponseReturnValue:
    view = request.args.get("view", "live")
    found = wave_lists.waves(web().site, view)
    done = wave_lists.progress([wave.id for wave in found]) if view == "live" else {}
    return render_template(
        "warehouse/waves.html", waves=found, progress=done, view=view, nothing=Progress(),
        views=[("live", _("Under way")), ("closed", _("Closed")), ("cancelled", _("Cancelled"))],
        stream=streaming.stream_of(web().site), reserve_minutes=_reserve_minutes(),
    )  # fmt: skip


def _reserve_minutes() -> int:
    return reserve_setting.minutes_of(partial(fetch, web().database), web().site)


def _live_waves(_key: str) -> list[Any]:
    """Whatever a list of waves shows."""
    found = wave_lists.waves(web().site)
    done = wave_lists.progress([wave.id for wave in found])
    return [[wave.code, wave.state, wave.goal, done.get(wave.id)] for wave in found]


# --- planning one --------------------------------------------------------------------------------


@pages.get("/waves/new")
@needs(*PLAN)
def new_wave() -> ResponseReturnValue:
    """Which orders a wave would take, by the filter in the address. Nothing is planned yet."""
    asked = _filter(request.args)
    ids = _matching(asked, waiting="waiting" in request.args)
    lines, units = wave_lists.line_counts(ids)
    return render_template(
        "warehouse/new_wave.html", asked=request.args, orders_max=asked.orders_max,
        count=len(ids), lines=lines, units=units, more=max(0, len(ids) - wave_lists.SHOWN_MAX),
        orders=wave_lists.due_orders(ids[: wave_lists.SHOWN_MAX]),
        countries=wave_lists.countries(web().site),
    )  # fmt: skip


def _matching(asked: OrderFilter, *, waiting: bool) -> list[bytes]:
    site = web().site
    if waiting:
        return order_pool.refillable_orders(site, asked.orders_max)
    return order_pool.due_orders(site, asked)


def _filter(fields: Any) -> OrderFilter:
    """Raises BadValue."""
    due = fields.get("due", "").strip()
    return OrderFilter(
        due_before=_moment(due) if due else None,
        country=fields.get("country", "").strip() or None,
        channel=fields.get("channel", "").strip() or None,
        priority_min=_number(fields, "priority", None, 0, 10**6),
        orders_max=_number(fields, "orders_max", PLAN_ORDERS, 1, order_pool.ORDERS_MAX)
        or PLAN_ORDERS,
    )


def _moment(text: str) -> int:
    try:
        here = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(web().settings.time_zone))
    except ValueError:
        raise BadValue("due", text[:30], "use a date and time such as 2026-03-01T14:00") from None
    return int(here.timestamp()) * 1_000_000


def _number(fields: Any, name: str, otherwise: int | None, least: int, most: int) -> int | None:
    text = fields.get(name, "").strip()
    if not text:
        return otherwise
    if not forms.DIGITS.fullmatch(text) or not least <= int(text) <= most:
        raise BadValue(name, text[:20], f"use a whole number from {least} to {most}")
    return int(text)


@pages.post("/waves/new")
@needs(*PlanWave.NEEDS)
def plan_wave() -> ResponseReturnValue:
    """Take the orders into a wave; the planner shows within moments what it would walk and lack."""
    asked = _filter(request.form)
    ids = _matching(asked, waiting="waiting" in request.form)
    wave = acts.carry_out(
        PlanWave(
            tuple(ids), method=forms.words("method", signs_max=10), slots=forms.count("slots"),
            lines_max=forms.count("lines_max"), priority=forms.count("wave_priority", least=0),
            title=forms.words("title", is_needed=False, signs_max=60),
        )
    )  # fmt: skip
    return redirect(f"/waves/{wave.hex()}", 303)


@pages.post("/waves/stream")
@needs(*SetStream.NEEDS)
def set_stream() -> ResponseReturnValue:
    """Let waves plan themselves, or stop that."""
    before = streaming.stream_of(web().site)
    stream = before._replace(
        is_on=forms.is_ticked("is_on"), slots=forms.count("slots"),
        orders_max=forms.count("orders_max"),
    )  # fmt: skip
    acts.carry_out(SetStream(stream))
    flash(
        _("Waves plan themselves now.") if stream.is_on else _("You plan waves yourself."), "done"
    )
    return redirect("/waves", 303)


@pages.post("/waves/reserve")
@needs(*SetReserve.NEEDS)
def set_reserve() -> ResponseReturnValue:
    """How much work each device has ahead, for hours without radio."""
    acts.carry_out(SetReserve(forms.count("minutes", least=0)))
    flash(_("Devices get so much work ahead from now on."), "done")
    return redirect("/waves", 303)


# --- one wave ------------------------------------------------------------------------------------


@pages.get("/waves/<wave>")
@needs("warehouse", "read")
def wave(wave: str) -> ResponseReturnValue:
    found = _wave(wave)
    work = queries.progress_of(wave=found.id)
    naming.prepare("person", [row.person for row in work])
    preview = queries.preview_of(found)
    return render_template(
        "warehouse/wave.html", wave=found, preview=preview, work=work,
        reserve=wave_lists.in_reserve(web().site),
        progress=wave_lists.progress([found.id]).get(found.id, Progress()),
        others=_comparisons(found), can=_steps(found), why=_shortage_words(),
        figures=_own_figures(found, preview), shown=shown_figures,
    )  # fmt: skip


def _wave(wave: str) -> Wave:
    found = queries.wave(forms.id_of("wave", wave))
    if found.site != web().site:
        raise NotFound("wave", wave)
    return found


def _comparisons(wave: Wave) -> list[Comparison]:
    """Once something is allocated there is nothing left to choose."""
    if wave.state != "PLANNED":
        return []
    return comparing.of_wave(partial(fetch, web().database), wave.id)


def _own_figures(wave: Wave, preview: Preview | None) -> dict[str, Any]:
    if preview is None:
        return {}
    return shown_figures(comparing.figures_of(preview))


def shown_figures(plan: PlanFigures) -> dict[str, Any]:
    """What a plan costs, beside its bound and beside the same orders as they came."""
    above, bound, baseline = plan.walk_cm - plan.bound_cm, plan.bound_cm, plan.baseline_cm
    return {
        **msgspec.structs.asdict(plan),
        "metres": plan.walk_cm // 100, "baseline": baseline // 100,
        "above_bound": round(100 * above / bound, 1) if bound else None,
        "saved": round(100 * (1 - plan.walk_cm / baseline)) if baseline else 0,
    }  # fmt: skip


def _steps(wave: Wave) -> dict[str, bool]:
    """What can be done with a wave in its state."""
    state, goal = wave.state, wave.goal
    before = ("PLANNED", "ALLOCATING", "ALLOCATED")
    return {
        "release": state in before and goal not in ("RELEASED", "CANCELLED"),
        "hold": state in ("RELEASED", "IN_PROGRESS"),
        "resume": state == "HELD",
        "cancel": state in ("PLANNED", "ALLOCATED") and goal != "CANCELLED",
        "is_moving": state in before and bool(goal),
        "is_planning": state == "PLANNED" and wave.plan in ("", "{}"),
    }


def _shortage_words() -> dict[str, str]:
    return {
        "ALL_CLAIMED": _("other orders hold what is there: see who, and let go of a claim"),
        "NOT_FREE": _("what is there is on hold: settle its count"),
        "IN_LOCKED_BINS": _(
            "what is there goes to more urgent orders of this wave, or is in bins that are locked "
            "or in doubt: count or open them"
        ),
        "NONE_THERE": _("there is none: buy or transfer"),
    }


@pages.post("/waves/<wave>/<step>")
@needs("warehouse", "read")
def step_wave(wave: str, step: str) -> ResponseReturnValue:
    """Release, hold, resume or cancel."""
    id = _wave(wave).id
    steps: dict[str, Command[None]] = {
        "release": SetGoal(id, "RELEASED"),
        "hold": HoldWave(id),
        "resume": ResumeWave(id),
        "cancel": SetGoal(id, "CANCELLED"),
    }
    if step not in steps:
        raise NotFound("step of a wave", step[:20])
    acts.carry_out(steps[step])
    return redirect(f"/waves/{wave}", 303)


@pages.post("/waves/<wave>/compare")
@needs(*AskComparison.NEEDS)
def compare_plans(wave: str) -> ResponseReturnValue:
    """Have the planner find what another cart would cost; the page shows it when it is there."""
    acts.carry_out(AskComparison(_wave(wave).id, forms.count("slots")))
    return redirect(f"/waves/{wave}", 303)


def _live_wave(key: str) -> dict[str, Any]:
    """Whatever the page of one wave shows."""
    found = queries.wave(forms.id_of("wave", key))
    return {
        "state": found.state, "goal": found.goal, "released": found.tours_released,
        "plan": found.walk_cm, "is_planned": found.plan not in ("", "{}"),
        "compared": [(other.slots, other.figures is not None) for other in _comparisons(found)],
        "work": [row[3:9] + row[10:] for row in queries.progress_of(wave=found.id)],
    }  # fmt: skip


live.provide("waves", _live_waves, needs=("warehouse", "read"), every_ms=500)
live.provide("wave", _live_wave, needs=("warehouse", "read"), every_ms=500)
