"""A wave from plan to close. Owns the wave's state and its orders' place in it.

Long work is done in slices, each an act of its own under 50 ms that leaves a state from which the
next one goes on, also after a kill: `allocate_wave`, `release_wave` and `cancel_wave` do one slice
and say whether they are done. Tours are planned outside of any transaction (`make_preview`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from hub.db import Insert
from hub.errors import BadValue, HubError, WrongState
from hub.inventory import service as inventory
from hub.journal import Act
from hub.orders import lines
from hub.orders.service import next_number
from hub.warehouse import queries, rules
from hub.warehouse.models import Wave
from hub.warehouse.queries import Preview
from hub.warehouse.states import WAVE_STEPS, is_legal
from hub.warehouse.taking_back import ask_back_unbegun

METHODS: Final = ("SINGLE", "CLUSTER")
SLOTS_MAX: Final = 64
LINES_MAX: Final = 250
"""Lines of one tour; 300 fill a message (protocols/limits.py)."""

_insert: Final = Insert(Wave)
_encode: Final = msgspec.json.Encoder().encode


class NothingToPlan(HubError):
    """None of the orders can be taken: planned already, on hold, or nothing left to pick."""

    code = "NOTHING_TO_PLAN"

    def __init__(self, asked: int) -> None:
        self.asked = asked
        super().__init__(f"None of {asked} orders is approved, in no wave and needs stock.")


class PlanChanged(HubError):
    """The wave went on while its tours were being planned; plan again."""

    code = "PLAN_CHANGED"

    def __init__(self, wave: bytes) -> None:
        self.wave = wave.hex()
        super().__init__("The wave changed while its tours were planned; plan them again.")


def plan_wave(
    act: Act, orders: Sequence[bytes], *, method: str = "CLUSTER", slots: int = 6,
    lines_max: int = 120, title: str = "", priority: int = 0, goal: str = "",
) -> bytes:  # fmt: skip
    """Take orders into a new PLANNED wave; returns its id.

    Orders that another wave has, or that are not approved, are passed over. What they waited for
    counts as open again. The planner stores the preview next, and with `goal` ALLOCATED or
    RELEASED goes on by itself. Raises NothingToPlan, BadValue.
    """
    check_method(method, slots, lines_max)
    id = act.new_id()
    taken = [order for order in dict.fromkeys(orders) if _take(act, order, id)]
    line_count = _reopen_lines(act, taken)
    if not line_count:
        raise NothingToPlan(len(orders))
    facts = inventory.site_facts(act)
    code = next_number(act, facts.company, "wave")
    act.tx.run(
        _insert.sql,
        (id, act.site, code, title, "PLANNED", goal, method, 1 if method == "SINGLE" else slots,
         lines_max, priority, "{}", len(taken), line_count, 0, 0, 0, 0, act.now_us, None, None),
    )  # fmt: skip
    return id


def check_method(method: str, slots: int, lines_max: int) -> None:
    """Refuse a way of picking that there is not; raises BadValue."""
    if method not in METHODS:
        raise BadValue("method", method, f"use one of {', '.join(METHODS)}")
    if not 1 <= slots <= SLOTS_MAX:
        raise BadValue("slots", slots, f"a cart has 1 to {SLOTS_MAX}")
    if not 1 <= lines_max <= LINES_MAX:
        raise BadValue("lines_max", lines_max, f"a tour has 1 to {LINES_MAX} lines")


def _take(act: Act, order: bytes, wave: bytes) -> bool:
    sql = (
        "UPDATE sales_order SET wave = ? WHERE id = ? AND site = ? AND wave IS NULL "
        "AND state = 'APPROVED' AND EXISTS (SELECT 1 FROM order_line l WHERE "
        "l.order_id = sales_order.id AND l.open + l.backordered > 0)"
    )
    return act.tx.run(sql, (wave, order, act.site)) == 1


def _reopen_lines(act: Act, orders: Sequence[bytes]) -> int:
    """Backordered units count as open again; returns how many lines need stock."""
    for order in orders:
        waiting = "SELECT id, backordered FROM order_line WHERE order_id = ? AND backordered > 0"
        for line, quantity in act.tx.rows(waiting, (order,)):
            lines.move(act, bytes(line), "backordered", "open", int(quantity), "planned again")
    return sum(len(demand.lines) for demand in queries.demand_of(orders))


def make_preview(site: str, wave: Wave) -> Preview:
    """Plan a wave's tours and shortages from the present books. Reads only; takes its time."""
    orders = queries.orders_in(wave.id)
    if wave.state == "PLANNED":
        return preview_orders(site, orders, slots=wave.slots, lines_max=wave.lines_max)
    return _final_preview(site, wave, orders)


def preview_orders(site: str, orders: Sequence[bytes], *, slots: int, lines_max: int) -> Preview:
    """What a wave of these orders would walk and lack. Changes nothing; for pages too."""
    demand = queries.demand_of(orders, with_backordered=True)
    plan = rules.plan_allocation(demand, queries.stock_for(site, demand))
    floor = queries.floor_of(site)
    stops = [(claim.order, claim.bin.place) for claim in plan.claims]
    walks = rules.plan_walks(
        floor, queries.walk_orders(floor, orders, stops), slots=slots, lines_max=lines_max
    )
    counted = [(c.line, c.bin.place, c.quantity) for c in plan.claims]
    return _preview(
        walks, counted, queries.short_lines(site, plan.shortages),
        tuple(order.hex() for order in plan.left_out),
    )  # fmt: skip


def _final_preview(site: str, wave: Wave, orders: Sequence[bytes]) -> Preview:
    """From the claims that the wave really has; tours are kept when nothing came otherwise."""
    before = queries.preview_of(wave)
    works = queries.claims_of(orders)
    counted = [(work.order_line, work.place, work.quantity) for work in works]
    shortages = queries.short_lines(site, queries.backordered_in(wave.id))
    left_out = before.left_out if before else ()
    if before is not None and before.digest == _digest(counted):
        return msgspec.structs.replace(before, shortages=shortages, is_final=True)
    floor = queries.floor_of(site)
    walks = rules.plan_walks(
        floor,
        queries.walk_orders(floor, orders, [(work.order, work.place) for work in works]),
        slots=wave.slots,
        lines_max=wave.lines_max,
    )
    return msgspec.structs.replace(_preview(walks, counted, shortages, left_out), is_final=True)


_Counted = tuple[bytes, bytes, int]
"""Order line, place, units."""


def _preview(
    walks: rules.Walks, counted: Sequence[_Counted], shortages: tuple[queries.ShortLine, ...],
    left_out: tuple[str, ...],
) -> Preview:  # fmt: skip
    return Preview(
        tours=walks.tours,
        walk_cm=walks.walk_cm,
        bound_cm=walks.bound_cm,
        baseline_cm=walks.baseline_cm,
        totes=walks.totes,
        lines=len(counted),
        units=sum(quantity for _, _, quantity in counted),
        shortages=shortages,
        left_out=left_out,
        digest=_digest(counted),
    )


def _digest(counted: Sequence[_Counted]) -> str:
    whole = b"".join(
        line + place + quantity.to_bytes(8, "big") for line, place, quantity in sorted(counted)
    )
    return blake2b(whole, digest_size=16).hexdigest()


def store_preview(act: Act, wave: bytes, preview: Preview) -> None:
    """Enter a plan that was made outside; raises PlanChanged when the wave has gone on since."""
    state = "ALLOCATED" if preview.is_final else "PLANNED"
    changed = act.tx.run(
        "UPDATE wave SET plan = ?, walk_cm = ?, baseline_cm = ?, tours_total = ? "
        "WHERE id = ? AND state = ? AND tours_released = 0",
        (_encode(preview).decode(), preview.walk_cm, preview.baseline_cm, len(preview.tours),
         wave, state),
    )  # fmt: skip
    if changed != 1:
        raise PlanChanged(wave)


def set_goal(act: Act, wave: bytes, goal: str) -> None:
    """Ask the planner to bring a wave to ALLOCATED or RELEASED, or to take it back (CANCELLED).

    Raises WrongState. The page's buttons end here; the slices follow within a second.
    """
    before = {
        "ALLOCATED": ("PLANNED",),
        "RELEASED": ("PLANNED", "ALLOCATING", "ALLOCATED"),
        "CANCELLED": ("PLANNED", "ALLOCATED"),
    }.get(goal)
    if before is None:
        raise BadValue("goal", goal, "use ALLOCATED, RELEASED or CANCELLED")
    marks = ", ".join("?" * len(before))
    sql = f"UPDATE wave SET goal = ? WHERE id = ? AND goal <> 'CANCELLED' AND state IN ({marks})"
    if act.tx.run(sql, (goal, wave, *before)) != 1:
        raise _wrong_state(act, wave, " or ".join(before))


def hold_wave(act: Act, wave: bytes) -> None:
    """Offer nothing more of it; what people have begun they finish, what they have in reserve is
    asked back. Raises WrongState.
    """
    enter(act, wave, ("RELEASED", "IN_PROGRESS"), "HELD")
    rows = act.tx.rows(
        "SELECT id FROM assignment WHERE wave = ? AND state = 'ASSIGNED' ORDER BY id", (wave,)
    )
    for (id,) in rows:
        ask_back_unbegun(act, bytes(id))


def resume_wave(act: Act, wave: bytes) -> None:
    """Go on where it was held. Raises WrongState."""
    started = act.tx.row(
        "SELECT 1 FROM assignment WHERE wave = ? AND started_at IS NOT NULL", (wave,)
    )
    enter(act, wave, ("HELD",), "RELEASED" if started is None else "IN_PROGRESS")


def close_if_done(act: Act, wave: bytes) -> str | None:
    """COMPLETED when all its work is over, CLOSED when its goods have left the floor's hands too.

    Returns the state it came to, None if nothing changed. Safe to repeat. Orders of a closed wave
    that still wait for goods can be planned again.
    """
    left = act.tx.row(
        "SELECT 1 FROM assignment WHERE wave = ? AND state NOT IN ('COMPLETED', 'CANCELLED')",
        (wave,),
    )
    if left is not None:
        return None
    act.tx.run(
        "UPDATE wave SET state = 'IN_PROGRESS' WHERE id = ? AND state IN ('RELEASED', 'HELD')",
        (wave,),
    )
    moved = act.tx.run(
        "UPDATE wave SET state = 'COMPLETED', completed_at = ? "
        "WHERE id = ? AND state = 'IN_PROGRESS'",
        (act.now_us, wave),
    )
    return _close(act, wave) or ("COMPLETED" if moved else None)


def _close(act: Act, wave: bytes) -> str | None:
    if queries.has_goods_on_the_floor(wave):
        return None
    closed = act.tx.run(
        "UPDATE wave SET state = 'CLOSED' WHERE id = ? AND state = 'COMPLETED'", (wave,)
    )
    if not closed:
        return None
    act.tx.run("UPDATE sales_order SET wave = NULL WHERE wave = ? AND state = 'APPROVED'", (wave,))
    return "CLOSED"


def enter(
    act: Act, wave: bytes, before: tuple[str, ...], after: str, *, unless_goal: str | None = None
) -> None:
    """Bring the wave to a state from one of those before; raises WrongState.

    Also locks its row until the end of the act, so slices of one wave never overlap.
    """
    ways = [(state, after) for state in before if state != after]
    assert all(is_legal(WAVE_STEPS, way) for way in ways)  # noqa: S101 - our own mistake only
    marks = ", ".join("?" * len(before))
    sql = f"UPDATE wave SET state = ? WHERE id = ? AND state IN ({marks}) AND goal <> ?"
    if act.tx.run(sql, (after, wave, *before, unless_goal or "-")) != 1:
        raise _wrong_state(act, wave, " or ".join(before))


def has_goal(act: Act, wave: bytes, goal: str) -> bool:
    """Whether somebody asked for this already."""
    sql = "SELECT 1 FROM wave WHERE id = ? AND goal = ?"
    return act.tx.row(sql, (wave, goal)) is not None


def read(act: Act, wave: bytes) -> Any:
    """The wave as it is in this act; raises NotFound."""
    act.tx.flush()
    return queries.wave(wave)


def _wrong_state(act: Act, wave: bytes, wanted: str) -> WrongState:
    found = read(act, wave)
    return WrongState("wave", found.code, found.state, wanted)
