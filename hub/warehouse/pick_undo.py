"""Taking acts back: `ActUndone` as a compensating act with the same proof of conservation.

Possible until hand-over (the tote scanned at packing); nothing is deleted, the opposite is written.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from hub.errors import NotFound, WrongState
from hub.floor_exceptions import resolve
from hub.inventory import claims
from hub.inventory.claims import Claim
from hub.inventory.facts import ASIDE_STATUS
from hub.inventory.posting import Where, balance_id, free, post
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import progress, strays
from hub.warehouse.work_context import LineAtWork, read_line
from protocols.envelope import Event
from protocols.messages.events import ActUndone

_READ: Final = (
    "SELECT cause, line, kind, quantity, place, tote, allocation, unclaimed, before_state, "
    "before_counted, before_picked FROM line_act WHERE site = ? AND cause = ? ORDER BY n DESC"
)


class Done(NamedTuple):
    """What an earlier act did."""

    cause: str
    line: bytes
    kind: str
    quantity: int
    place: bytes | None
    tote: bytes | None
    allocation: bytes | None
    unclaimed: int
    before_state: str
    before_counted: int
    before_picked: int


def act_undone(act: Act, event: Event, data: ActUndone) -> None:
    """Restore the line as it was before the named act; raises NotFound, WrongState."""
    for done in _read(act, data.epoch, data.seq):
        if done.kind == "ToteAssigned":
            progress.take_tote_back(act, done.line, done.tote or b"")
        elif done.kind == "AssignmentCompleted":
            progress.reopen(act, done.line)
        elif done.kind == strays.STRAY_PICK:
            strays.put_back(act, done.cause, done.place or b"", done.tote or b"", done.unclaimed)
            _settle(act, "PUT_BACK", done.cause)
        else:
            _take_back(act, done)


def _take_back(act: Act, done: Done) -> None:
    line = read_line(act, done.line)
    state = done.before_state
    if done.kind == "PickConfirmed" and not _put_back(act, line, done):
        state = "CANCELLED"
    elif done.kind == "PickShorted":
        _find_again(act, line, done)
    act.tx.run(
        "UPDATE work_line SET state = ?, counted = ?, picked = ?, done_at = NULL WHERE id = ?",
        (state, done.before_counted, done.before_picked, line.id),
    )
    progress.reopen(act, line.assignment)


def _read(act: Act, epoch: str, seq: int) -> list[Done]:
    """The parts of an act, last first, marked as undone now; none of one that had no effect,
    because its work is unknown here.
    """
    act.tx.flush()
    cause = f"{act.device}/{epoch}/{seq}"
    rows = act.tx.rows(_READ, (act.site, cause))
    if not rows:
        if _was_taken(act, epoch, seq):
            return []
        raise NotFound("act that can be undone", cause)
    marked = act.tx.run(
        "UPDATE line_act SET undone_by = ? WHERE site = ? AND cause = ? AND undone_by IS NULL",
        (act.key, act.site, cause),
    )
    if not marked:
        raise WrongState("act", cause, "undone", "an act not yet undone")
    return [Done(*row) for row in rows]


def _was_taken(act: Act, epoch: str, seq: int) -> bool:
    taken = act.tx.row(
        "SELECT 1 FROM device_event WHERE site = ? AND device = ? AND epoch = ? AND seq = ? "
        "AND state = 'APPLIED' AND type IN ('BinVerified', 'UnitsCounted', 'LineSkipped', "
        "'ToteAssigned', 'PickShorted')",
        (act.site, act.device, epoch, seq),
    )
    return taken is not None


def _put_back(act: Act, line: LineAtWork, done: Done) -> bool:
    """The opposite of a pick: out of the tote, into the bin, the claim with it.

    False when the order does not want the units any more: then nobody fetches them again.
    """
    tote = Where(done.tote or b"", True, line.status)
    _refuse_handed_over(act, done)
    if done.allocation is not None:
        held = claims.get(act, done.allocation)
        if held is not None and held.state == "DEALLOCATED" and _was_cancelled(act, held):
            _take_out_cancelled(act, line, held, tote)
            return False
        if held is None or held.state != "PICKED" or held.place != done.tote:
            raise WrongState("pick", done.cause, "handed over", "a tote not yet at packing")
        goods, bin = line.goods, line.bin
        post(act, goods, held.quantity, tote, bin, "undo", claimed=True, keeps_claim=True)
        back = claims.carry(act, held, balance_id(act.site, goods, bin), bin.place, "RELEASED")
        lines.move(act, line.order_line, "picked", "released", held.quantity, "undo")
        _hold_again(act, line, back)
    if done.unclaimed:
        post(act, line.goods, done.unclaimed, tote, line.bin, "undo")
        _settle(act, "PUT_BACK", done.cause)
    return True


def _was_cancelled(act: Act, held: Claim) -> bool:
    """Whether the units stayed in the tote because their order line was cancelled."""
    return _put_back_of(act, held) is not None


def _put_back_of(act: Act, held: Claim) -> bytes | None:
    rows = act.tx.rows(
        "SELECT id, \"values\" FROM floor_exception WHERE site = ? AND kind = 'PUT_BACK' "
        "AND order_line = ? AND state = 'OPEN'",
        (act.site, held.order_line),
    )
    claim = held.id.hex()
    return next((bytes(id) for id, v in rows if _decode(bytes(v)).get("claim") == claim), None)


def _take_out_cancelled(act: Act, line: LineAtWork, held: Claim, tote: Where) -> None:
    """Back in the bin, which is all that the put-back task wanted; nobody needs them again."""
    post(act, line.goods, held.quantity, tote, line.bin, "undo")
    open_task = _put_back_of(act, held)
    if open_task is not None:
        resolve(act, open_task, "UNDONE")


def _refuse_handed_over(act: Act, done: Done) -> None:
    row = act.tx.row("SELECT code, state FROM place WHERE id = ?", (done.tote,))
    if row is not None and row[1] in {"AT_STATION", "UNLOADED"}:
        raise WrongState("tote", str(row[0]), str(row[1]), "a tote not yet at packing")


def _hold_again(act: Act, line: LineAtWork, back: Claim) -> None:
    """Let the line have one claim: the one that came back, joined with what was left."""
    if line.claim.id == back.id:
        return
    left = claims.get(act, line.claim.id)
    if left is not None and left.state == "RELEASED" and left.balance == back.balance:
        claims.join(act, back, left)
        return
    act.tx.run("UPDATE work_line SET allocation = ? WHERE id = ?", (back.id, line.id))


def _find_again(act: Act, line: LineAtWork, done: Done) -> None:
    """The opposite of a short pick: the stock is trusted again, the units are fetched here after
    all; what was planned instead is let go if nobody has picked it.
    """
    if done.unclaimed:
        reason = _settle(act, "SHORT_PICK", done.cause)
        aside = line.bin._replace(status=ASIDE_STATUS.get(reason, "HOLD"))
        units = min(done.unclaimed, free(act, line.goods, aside))
        if units:
            post(act, line.goods, units, aside, line.bin, "undo")
    else:
        _settle(act, "SHORT_PICK", done.cause)
    waiting = min(progress.drop_replacement(act, line.id), done.quantity)
    held = _claim_here(act, line, min(waiting, free(act, line.goods, line.bin)))
    if held is not None:
        act.tx.run("UPDATE work_line SET allocation = ? WHERE id = ?", (held, line.id))


def _claim_here(act: Act, line: LineAtWork, units: int) -> bytes | None:
    """Claim units of the bin for a line whose units are backordered."""
    if units <= 0:
        return None
    held = claims.claim(
        act, balance_id(act.site, line.goods, line.bin), units, order=line.order,
        order_line=line.order_line, item=line.goods.item, place=line.place, reason="undo",
        state="RELEASED",
    )  # fmt: skip
    if held is not None:
        lines.move(act, line.order_line, "backordered", "released", units, "undo")
    return held


def _settle(act: Act, kind: str, cause: str) -> str:
    """Close the exception that the undone act opened; returns the reason that it carried."""
    row = act.tx.row(
        'SELECT "values" FROM floor_exception WHERE site = ? AND kind = ? AND cause = ?',
        (act.site, kind, cause),
    )
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolved_by = ?, "
        "resolution = 'UNDONE' WHERE site = ? AND kind = ? AND cause = ? AND state <> 'RESOLVED'",
        (act.now_us, act.actor, act.site, kind, cause),
    )
    return "" if row is None else str(_decode(bytes(row[0])).get("reason", ""))


def _decode(values: bytes) -> dict[str, Any]:
    return msgspec.json.decode(values, type=dict[str, Any])
