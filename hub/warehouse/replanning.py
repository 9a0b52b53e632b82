"""When work cannot go as planned: other bins for units that are missing, and lines taken away.

Owns work lines after their release. A picker's own line is replaced by one from another bin in the
best place of the same tour; what no bin has waits as backordered, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from hub.db import Insert
from hub.errors import BadValue, NotFound
from hub.inventory import claims
from hub.inventory import queries as inventory
from hub.inventory.claims import Claim
from hub.inventory.rules import BinStock
from hub.journal import Act
from hub.orders import lines
from hub.orders.service import close_if_done
from hub.warehouse import allocating, queries, rules
from hub.warehouse.allocating import Got
from hub.warehouse.models import WorkLine
from hub.warehouse.releasing import SEQUENCE_GAP
from hub.warehouse.revisions import revise
from hub.warehouse.rules import PlannedClaim
from hub.warehouse.states import LINE_OVER, TERMINAL
from hub.warehouse.walkways import Spot

_insert_line: Final = Insert(WorkLine)
_OVER: Final = ", ".join(f"'{state}'" for state in LINE_OVER)


class Replanned(NamedTuple):
    """What became of missing units: `lines` are new work lines in the same assignment."""

    lines: tuple[bytes, ...]
    found: int
    backordered: int


class _Line(NamedTuple):
    id: bytes
    assignment: bytes
    sequence: int
    slot: str
    order: bytes
    order_line: bytes
    item: bytes
    place: bytes
    quantity: int
    picked: int
    assignment_state: str


_READ: Final = (
    "SELECT w.id, w.assignment, w.sequence, w.slot, w.order_id, w.order_line, w.item, w.place, "
    "w.quantity, w.picked, a.state FROM work_line w JOIN assignment a ON a.id = w.assignment "
)


def replan_short(act: Act, work_line: bytes, missing: int) -> Replanned:
    """Fetch `missing` units of a line elsewhere, or let them wait.

    The line's claim on them has ended and its order line still counts them as released. New lines
    go into the same assignment, whose holder gets the new revision. Raises NotFound, BadValue.
    """
    line = _read(act, work_line)
    if missing < 1:
        raise BadValue("missing", missing, "at least one unit is missing")
    done = _fetch_elsewhere(act, line, missing)
    if done.lines:
        revise(act, line.assignment)
    return done


def _fetch_elsewhere(act: Act, line: _Line, missing: int) -> Replanned:
    can_go_on = line.assignment_state not in TERMINAL
    held = _claim(act, line, missing) if can_go_on else []
    made = tuple(_add_line(act, line, claim) for claim in held)
    found = sum(claim.quantity for claim in held)
    if found < missing:
        why = allocating.why_short(act, line.item)
        lines.move(act, line.order_line, "released", "backordered", missing - found, why)
    return Replanned(made, found, missing - found)


def _claim(act: Act, line: _Line, quantity: int) -> list[Got]:
    """Claim the units in other bins, as released at once."""
    nowhere = BinStock(b"", line.place, "", 0)
    want = PlannedClaim(line.order, line.order_line, line.item, quantity, nowhere, "")
    return allocating.claim_elsewhere(act, want, state="RELEASED", avoid=line.place)


def _add_line(act: Act, line: _Line, held: Got) -> bytes:
    """A new instruction for the claimed units, where it costs the least walking."""
    id = act.new_id()
    sequence = _sequence_for(act, line, held.place)
    act.tx.run(
        _insert_line.sql,
        (id, line.assignment, sequence, "OPEN", held.id, line.order, line.order_line, line.item,
         held.place, line.slot, held.quantity, 0, 0, line.id, None),
    )  # fmt: skip
    return id


def _sequence_for(act: Act, line: _Line, place: bytes) -> int:
    """Where in what is left of the tour the new stop fits best."""
    ahead = _lines_ahead(act, line)
    floor = queries.floor_of(act.site)
    rows = inventory.places({place, line.place, *(stop for _, _, stop in ahead)})
    spots = {id: queries.spot_on(floor, row) for id, row in rows.items()}
    here = spots.get(line.place, floor.start)
    way: list[Spot] = [spots[stop] for _, _, stop in ahead]
    position = rules.best_position(floor, here, way, spots[place])
    before = ahead[position - 1][1] if position else line.sequence
    after = ahead[position][1] if position < len(ahead) else before + 2 * SEQUENCE_GAP
    return (before + after) // 2 if after - before > 1 else _make_room(act, line, before)


def _lines_ahead(act: Act, line: _Line) -> list[tuple[bytes, int, bytes]]:
    """(line, sequence, place) of what the person still has to fetch after this line."""
    rows = act.tx.rows(
        "SELECT id, sequence, place FROM work_line WHERE assignment = ? AND sequence > ? "
        f"AND state NOT IN ({_OVER}) ORDER BY sequence, id",
        (line.assignment, line.sequence),
    )
    return [(bytes(id), int(sequence), bytes(place)) for id, sequence, place in rows]


def _make_room(act: Act, line: _Line, before: int) -> int:
    """Shift the rest of the tour by one gap; returns a sequence in the room made."""
    act.tx.run(
        "UPDATE work_line SET sequence = sequence + ? WHERE assignment = ? AND sequence > ?",
        (SEQUENCE_GAP, line.assignment, before),
    )
    return before + SEQUENCE_GAP // 2


def replan_displaced(act: Act, displaced: Sequence[Claim]) -> None:
    """Plan again for those whose stock a fact took: claims that `release_claims` has ended.

    Released units get other bins in the same work, whose holders get new revisions; allocated ones
    get other bins in silence. What no bin has waits as backordered.
    """
    changed: dict[bytes, None] = {}
    for claim in displaced:
        if claim.state == "RELEASED":
            assignment = _replan_released(act, claim)
            if assignment is not None:
                changed[assignment] = None
        else:
            _replan_allocated(act, claim)
    for assignment in changed:
        revise(act, assignment)


def _replan_released(act: Act, claim: Claim) -> bytes | None:
    """Take the units off their work line and fetch them elsewhere; returns the assignment."""
    line = _line_of_claim(act, claim)
    if line is None:
        why = allocating.why_short(act, claim.item)
        lines.move(act, claim.order_line, "released", "backordered", claim.quantity, why)
        return None
    shrink(act, line.id, line.quantity - claim.quantity, line.picked)
    _fetch_elsewhere(act, line, claim.quantity)
    return line.assignment


def _line_of_claim(act: Act, claim: Claim) -> _Line | None:
    """The work line of a claim, also when it was split off the line's claim just now."""
    row: Any = act.tx.row(
        _READ + "JOIN allocation c ON c.id = ? WHERE w.allocation IN (c.id, c.split_from) "
        f"AND w.state NOT IN ({_OVER})",
        (claim.id,),
    )
    return None if row is None else _Line(*row)


def shrink(act: Act, work_line: bytes, quantity: int, picked: int) -> None:
    """Let a line ask for fewer units: DONE if those are picked, CANCELLED if none are left."""
    if quantity > picked:
        act.tx.run("UPDATE work_line SET quantity = ? WHERE id = ?", (quantity, work_line))
        return
    after = "DONE" if picked else "CANCELLED"
    act.tx.run(
        "UPDATE work_line SET quantity = ?, state = ?, done_at = ? WHERE id = ?",
        (max(quantity, 1), after, act.now_us, work_line),
    )


def _replan_allocated(act: Act, claim: Claim) -> None:
    """Other bins for units not yet released; a plan that knows only the old bin is dropped."""
    nowhere = BinStock(b"", claim.place, "", 0)
    want = PlannedClaim(claim.order, claim.order_line, claim.item, claim.quantity, nowhere, "")
    found = sum(got.quantity for got in allocating.claim_elsewhere(act, want, avoid=claim.place))
    if found < claim.quantity:
        why = allocating.why_short(act, claim.item)
        lines.move(act, claim.order_line, "allocated", "backordered", claim.quantity - found, why)
    act.tx.run(
        "UPDATE wave SET plan = '{}' WHERE state = 'ALLOCATED' AND tours_released = 0 "
        "AND id = (SELECT wave FROM sales_order WHERE id = ?)",
        (claim.order,),
    )


def cancel_released(act: Act, order_line: bytes, quantity: int, reason: str) -> int:
    """Cancel units that are on the floor but not picked; returns how many were. Repeat for more.

    Their stock is free again, and holders get the work without them. For units in a tote the floor
    comes first.
    """
    return cancel_released_of(act, {order_line: quantity}, reason)


def cancel_released_of(act: Act, wanted: Mapping[bytes, int], reason: str) -> int:
    """As `cancel_released` for several order lines; each holder gets one new revision."""
    cancelled, changed = 0, set()
    for order_line, quantity in wanted.items():
        left = quantity
        for line in _still_to_pick(act, order_line):
            taken = _take_off(act, line, min(left, line.quantity - line.picked), reason)
            left -= taken
            if taken:
                changed.add((line.assignment, line.order))
        cancelled += quantity - left
    for assignment in sorted({assignment for assignment, _ in changed}):
        revise(act, assignment)
    for order in sorted({order for _, order in changed}):
        close_if_done(act, order)
    return cancelled


def _still_to_pick(act: Act, order_line: bytes) -> list[_Line]:
    """The instructions of an order line that nobody has finished, last of the tour first."""
    rows: list[Any] = act.tx.rows(
        _READ + f"WHERE w.order_line = ? AND w.state NOT IN ({_OVER}) ORDER BY w.sequence DESC",
        (order_line,),
    )
    return [_Line(*row) for row in rows]


def _take_off(act: Act, line: _Line, quantity: int, reason: str) -> int:
    held = _released_claim(act, line.id)
    if quantity < 1 or held is None:
        return 0
    part = claims.split_off(act, held, min(quantity, held.quantity))
    claims.advance(act, part.id, "RELEASED", "ALLOCATED")
    claims.let_go(act, part._replace(state="ALLOCATED"), "DEALLOCATED")
    lines.move(act, line.order_line, "released", "cancelled", part.quantity, reason)
    shrink(act, line.id, line.quantity - part.quantity, line.picked)
    return part.quantity


def _released_claim(act: Act, work_line: bytes) -> Claim | None:
    row = act.tx.row("SELECT allocation FROM work_line WHERE id = ?", (work_line,))
    held = None if row is None else claims.get(act, bytes(row[0]))
    return held if held is not None and held.state == "RELEASED" else None


def _read(act: Act, work_line: bytes) -> _Line:
    act.tx.flush()
    row: Any = act.tx.row(_READ + "WHERE w.id = ?", (work_line,))
    if row is None:
        raise NotFound("work line", work_line.hex())
    return _Line(*row)
