"""What pickers' events do: the effects on stock, lines and work. Owns their HANDLERS.

Facts are never refused, only plans are: units beyond a line's need stay in the tote with a
put-back task, units that were promised to others are planned again, units beyond the books come
from `unexplained`, and of work that is unknown the goods alone count (`strays`). A handler raises
only for what contradicts what we know; such an event is PARKED.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.db import Insert
from hub.errors import NotFound
from hub.floor_exceptions import open_exception
from hub.inventory import claims, facts
from hub.inventory import service as inventory
from hub.inventory.claims import Claim
from hub.inventory.models import Place
from hub.inventory.posting import Where, balance_id, place_id, post
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import dispatch, people_at_work, pick_undo, progress, strays
from hub.warehouse.states import TERMINAL
from hub.warehouse.work_context import (
    LineAtWork,
    read_line,
    remember,
    remember_work,
    see_line,
    set_line,
)
from protocols.envelope import Event
from protocols.messages.events import (
    AssignmentCompleted,
    AssignmentResumed,
    AssignmentStarted,
    AssignmentSuspended,
    BinVerified,
    LineSkipped,
    PickConfirmed,
    PickShorted,
    ToteAssigned,
    UnitsCounted,
    WorkRequested,
)

Handler = Callable[[Act, Event, Any], None]

_tote_insert: Final = Insert(Place, or_ignore=True)
_FINAL: Final = frozenset({"DONE", "SHORT", "SUBSTITUTED", "CANCELLED"})
TRUSTING: Final = frozenset({"BinVerified", "UnitsCounted", "PickConfirmed", "LineSkipped"})
"""Events that almost always find things as the plan says: their statements go out together."""
_BEFORE_START: Final = frozenset({"READY", "OFFERED", "ASSIGNED", "SUSPENDED"})


def bin_verified(act: Act, event: Event, data: BinVerified) -> None:
    line = _line_of(act, event, data.line)
    if line is None:
        return
    remember(act, line, event.type)
    if line.state not in _FINAL:
        see_line(act, line, "AT_LOCATION", line.counted)


def units_counted(act: Act, event: Event, data: UnitsCounted) -> None:
    line = _line_of(act, event, data.line)
    if line is None:
        return
    remember(act, line, event.type)
    if line.state in _FINAL:
        return
    full = line.picked + data.counted >= line.quantity
    see_line(act, line, "QTY_CONFIRMED" if full else "ITEM_VERIFIED", data.counted)


def pick_confirmed(act: Act, event: Event, data: PickConfirmed) -> None:
    line = _line_of(act, event, data.line)
    if line is None:
        strays.move(act, data.line, data.item, data.bin, data.quantity, data.tote)
        return
    _pick(act, line, event.type, data.bin, data.quantity, data.tote)
    _tell_holder(act, line)


def _pick(act: Act, line: LineAtWork, kind: str, bin: str, quantity: int, tote: str) -> None:
    """Move the units: first those that the line holds, then those beyond."""
    target = _tote(act, line, tote)
    place = bin_place(act, bin)
    is_planned = place == line.place
    source = line.bin if is_planned else Where(place, True, line.status)
    needed = min(quantity, line.missing) if line.state not in {"SHORT", "CANCELLED"} else 0
    is_held = line.claim.state == "RELEASED" and is_planned
    taken = min(needed, line.claim.quantity) if is_held else 0
    held = _take_held(act, line, taken, source, target) if taken else None
    beyond = quantity - taken
    gave_way = []
    if beyond:
        act.tx.settle()
        _fetch_nowhere_else(act, line)
        gave_way = facts.take(act, line.goods, beyond, source, target, "pick beyond the plan")
    adopted = _adopt(act, line, beyond, target) if beyond else None
    got = taken + (adopted.quantity if adopted else 0)
    remember(
        act, line, kind, quantity=taken, tote=target.place,
        allocation=held.id if held else None, unclaimed=quantity - got,
    )  # fmt: skip
    if adopted:
        remember(
            act, line, kind, quantity=adopted.quantity, tote=target.place,
            allocation=adopted.id, n=2,
        )  # fmt: skip
    if line.state not in {"SHORT", "CANCELLED"}:
        is_done = line.picked + got >= line.quantity
        set_line(act, line, "DONE" if is_done else "AT_LOCATION", 0, line.picked + got)
    if quantity > got:
        _ask_to_put_back(act, line, quantity - got, target)
    if gave_way:
        dispatch.replan_displaced(act, gave_way)


def _fetch_nowhere_else(act: Act, line: LineAtWork) -> None:
    """The units were found here after all: what was planned instead is let go, if unpicked."""
    replaced = act.tx.row(
        "SELECT 1 FROM work_line WHERE replaces = ? AND picked = 0 "
        "AND state NOT IN ('DONE', 'SHORT', 'SUBSTITUTED', 'CANCELLED')",
        (line.id,),
    )
    if replaced is not None:
        progress.drop_replacement(act, line.id)
        dispatch.revise(act, line.assignment)


def _take_held(act: Act, line: LineAtWork, quantity: int, source: Where, target: Where) -> Claim:
    """The common case: claimed units go from the bin into the tote, and the claim with them."""
    part = claims.split_off(act, line.claim, quantity)
    post(
        act, line.goods, quantity, source, target, "pick", claimed=True, keeps_claim=True
    )  # fmt: skip
    balance = balance_id(act.site, line.goods, target)
    part = claims.carry(act, part, balance, target.place)
    lines.move(act, line.order_line, "released", "picked", quantity)
    return part


def _ask_to_put_back(act: Act, line: LineAtWork, quantity: int, where: Where) -> None:
    open_exception(
        act, "PUT_BACK", place=where.place, item=line.goods.item, quantity=quantity,
        order_line=line.order_line, assignment=line.assignment,
    )  # fmt: skip


def _adopt(act: Act, line: LineAtWork, quantity: int, target: Where) -> Claim | None:
    """Give picked units to the order as far as its line is still without stock for them."""
    row = act.tx.row("SELECT backordered, open FROM order_line WHERE id = ?", (line.order_line,))
    backordered, waiting = (0, 0) if row is None else (int(row[0]), int(row[1]))
    quantity = min(quantity, backordered + waiting)
    if not quantity:
        return None
    id = claims.claim(
        act, balance_id(act.site, line.goods, target), quantity, order=line.order,
        order_line=line.order_line, item=line.goods.item, place=target.place,
        reason="picked without a claim", state="PICKED",
    )  # fmt: skip
    for stage, units in (("backordered", min(quantity, backordered)),
                         ("open", max(0, quantity - backordered))):  # fmt: skip
        if units:
            lines.take_through(act, line.order_line, stage, "picked", units)
    return None if id is None else claims.get(act, id)


def pick_shorted(act: Act, event: Event, data: PickShorted) -> None:
    """So many were found and no more: the rest is fetched elsewhere or waits, and the bin is
    doubtful until somebody counts it.
    """
    line = _line_of(act, event, data.line)
    if line is not None:
        _short(act, event, line, data)
        _tell_holder(act, line)
    elif data.quantity and data.tote:
        strays.move(act, data.line, data.item, data.bin, data.quantity, data.tote)


def _short(act: Act, event: Event, line: LineAtWork, data: PickShorted) -> None:
    if line.state in {"SHORT", "CANCELLED", "DONE"}:
        if data.quantity and data.tote:
            _pick(act, line, "PickConfirmed", data.bin, data.quantity, data.tote)
        return
    if data.quantity and data.tote:
        _pick(act, line, "PickConfirmed", data.bin, data.quantity, data.tote)
        line = read_line(act, line.id)
    missing = line.missing
    if not missing:
        return
    if line.claim.state == "RELEASED":
        claims.let_go(act, line.claim, "SHORTED")
    set_line(act, line, "SHORT", 0, line.picked)
    aside = facts.set_doubtful(act, line.goods, line.bin, missing, data.reason)
    dispatch.replan_displaced(act, aside.gave_way)
    remember(act, line, event.type, quantity=missing, unclaimed=aside.quantity, n=3)
    open_exception(
        act, "SHORT_PICK", place=line.place, item=line.goods.item, quantity=missing,
        physical=0 if data.reason == "EMPTY" else None, order_line=line.order_line,
        assignment=line.assignment, reason=data.reason,
    )  # fmt: skip
    if line.claim.state == "RELEASED":
        dispatch.replan_short(act, line.id, missing)


def line_skipped(act: Act, event: Event, data: LineSkipped) -> None:
    line = _line_of(act, event, data.line)
    if line is None:
        return
    remember(act, line, event.type)
    if line.state not in _FINAL:
        see_line(act, line, "SKIPPED", line.counted)


def tote_assigned(act: Act, event: Event, data: ToteAssigned) -> None:
    assignment = _assignment_of(event)
    row = act.tx.row(
        "SELECT order_id FROM assignment_slot WHERE assignment = ? AND slot = ?",
        (assignment, data.slot),
    )
    if row is None:
        if _is_known(act, assignment):
            raise NotFound("slot of this assignment", data.slot)
        return
    tote = inventory.ensure_place(act, "TOTE", data.tote)
    progress.place_tote(act, assignment, data.slot, tote, bytes(row[0]))
    remember_work(act, assignment, event.type, tote)


def assignment_started(act: Act, event: Event, data: AssignmentStarted) -> None:
    progress.start(act, _assignment_of(event))


def assignment_suspended(act: Act, event: Event, data: AssignmentSuspended) -> None:
    progress.suspend(act, _assignment_of(event), data.reason)


def assignment_resumed(act: Act, event: Event, data: AssignmentResumed) -> None:
    progress.resume(act, _assignment_of(event))


def assignment_completed(act: Act, event: Event, data: AssignmentCompleted) -> None:
    assignment = _assignment_of(event)
    if _has_grown(act, assignment, event.rev):
        dispatch.plan_anew(act, assignment)
    progress.complete(act, assignment)
    dispatch.is_back(act, assignment)
    remember_work(act, assignment, event.type)


def _has_grown(act: Act, assignment: bytes, rev: int | None) -> bool:
    """Whether the hub changed the work after the revision that its holder finished."""
    row = act.tx.row(
        "SELECT 1 FROM assignment WHERE id = ? AND device = ? AND rev > ? AND EXISTS "
        "(SELECT 1 FROM work_line w WHERE w.assignment = assignment.id AND w.state = 'OPEN')",
        (assignment, act.device, rev),
    )
    return rev is not None and row is not None


def work_requested(act: Act, event: Event, data: WorkRequested) -> None:
    dispatch.remember_cart(act, act.device, data.slots)
    dispatch.offer_next(act, act.device, act.actor, data.slots)


def _is_known(act: Act, assignment: bytes) -> bool:
    return act.tx.row("SELECT 1 FROM assignment WHERE id = ?", (assignment,)) is not None


def _line_of(act: Act, event: Event, id: str) -> LineAtWork | None:
    """The line, its work started and its lease renewed by this sign of life.

    None when its whole work is unknown: this hub was set back to a copy of before it.
    """
    try:
        line = read_line(act, bytes.fromhex(id))
    except NotFound:
        if event.assignment is None or _is_known(act, bytes.fromhex(event.assignment)):
            raise
        act.tx.settle()
        return None
    if line.device not in ("", act.device) or _is_moved(line, event):
        act.tx.settle()
        if line.assignment_state not in TERMINAL and not _is_moved(line, event):
            progress.note_conflict(act, line.assignment, line.device, event.rev)
        return line
    if line.assignment_state in _BEFORE_START:
        act.tx.settle()
        progress.start(act, line.assignment)
    elif line.device == act.device:
        progress.renew_lease(act, line.assignment, line.lease_until)
    return line


def _is_moved(line: LineAtWork, event: Event) -> bool:
    """Whether the line was planned anew, into other work than the device thinks."""
    return event.assignment not in (None, line.assignment.hex())


def _tell_holder(act: Act, line: LineAtWork) -> None:
    """Somebody else has done what this work still asks for: its holder hears of it at once."""
    if line.device == act.device or line.assignment_state in TERMINAL:
        return
    if line.device or line.assignment_state == "READY":
        dispatch.revise(act, line.assignment)


def _assignment_of(event: Event) -> bytes:
    if event.assignment is None:
        raise NotFound("assignment", "(none named)")
    return bytes.fromhex(event.assignment)


def bin_place(act: Act, code: str) -> bytes:
    return place_id(act.site, "BIN", code)


def _tote(act: Act, line: LineAtWork, code: str) -> Where:
    """The tote as a target; made known when nobody has named it before."""
    id = place_id(act.site, "TOTE", code)
    act.tx.add_once(
        _tote_insert,
        (id, act.site, "TOTE", code, "FILLING", 0, 0, 0, 0, 0, 0, line.order),
    )
    return Where(id, True, line.status)


HANDLERS: Final[dict[str, Handler]] = {
    **people_at_work.HANDLERS,
    "WorkRequested": work_requested,
    "AssignmentStarted": assignment_started,
    "AssignmentSuspended": assignment_suspended,
    "AssignmentResumed": assignment_resumed,
    "AssignmentCompleted": assignment_completed,
    "ToteAssigned": tote_assigned,
    "BinVerified": bin_verified,
    "UnitsCounted": units_counted,
    "PickConfirmed": pick_confirmed,
    "PickShorted": pick_shorted,
    "LineSkipped": line_skipped,
    "ActUndone": pick_undo.act_undone,
}
