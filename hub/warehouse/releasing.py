"""From allocated stock to work for people: tours become assignments with slots and lines. Owns what
a release writes; nobody sees any of it before the whole wave is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hub.db import Insert
from hub.errors import WrongState
from hub.inventory import claims
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import allocating, queries, waves
from hub.warehouse.models import Assignment, AssignmentSlot, WorkLine
from hub.warehouse.queries import Preview, Work
from hub.warehouse.rules import PlannedTour
from hub.warehouse.workload import seconds_of

SEQUENCE_GAP: Final = 1_024
"""Between neighbouring lines of a tour, so that a line fits in between without a new numbering."""

_insert_assignment: Final = Insert(Assignment)
_insert_slot: Final = Insert(AssignmentSlot)
_insert_line: Final = Insert(WorkLine)


def release_wave(act: Act, wave: bytes) -> bool:
    """Release the next slice of an ALLOCATED wave; True when it is RELEASED. Raises WrongState.

    Uses the stored plan when it was made from these claims, else plans the tours here. The work
    becomes READY all at once with the last slice. After a kill the next call goes on.
    """
    waves.enter(act, wave, ("ALLOCATED",), "ALLOCATED", unless_goal="CANCELLED")
    row = waves.read(act, wave)
    preview = queries.preview_of(row)
    if preview is None or not preview.is_final:
        preview = waves.make_preview(act.site, row)
        waves.store_preview(act, wave, preview)
    done = _release_slice(act, row, preview)
    act.tx.run("UPDATE wave SET tours_released = ?, goal = 'RELEASED' WHERE id = ?", (done, wave))
    if done < len(preview.tours):
        return False
    _make_ready(act, wave)
    return True


def _release_slice(act: Act, wave: Any, preview: Preview) -> int:
    """Whole tours until the slice is full; returns how many of the plan are released then."""
    done, slice_lines = int(wave.tours_released), 0
    tours = preview.tours
    while done < len(tours) and slice_lines < allocating.SLICE_LINES:
        slice_lines += tours[done].lines
        _release_tour(act, wave, tours[done], done + 1)
        done += 1
    return done


def _make_ready(act: Act, wave: bytes) -> None:
    act.tx.flush()
    act.tx.run(
        "UPDATE assignment SET state = 'READY' WHERE wave = ? AND state = 'CREATED'", (wave,)
    )
    waves.enter(act, wave, ("ALLOCATED",), "RELEASED")
    act.tx.run("UPDATE wave SET goal = '', released_at = ? WHERE id = ?", (act.now_us, wave))


def _release_tour(act: Act, wave: Any, tour: PlannedTour, sequence: int) -> None:
    """One tour becomes one assignment, with what its orders hold by now."""
    orders = _approved(act, [bytes.fromhex(order) for order in tour.orders])
    works = queries.claims_of(orders)
    if not works:
        return
    having = dict.fromkeys(work.order for work in works)
    slots = {order: str(n) for n, order in enumerate((o for o in orders if o in having), start=1)}
    id = act.new_id()
    act.tx.add(
        _insert_assignment,
        (id, act.site, wave.id, "PICK", "CREATED", 1, wave.method, len(slots), wave.priority,
         sequence, "", None, 0, 0, tour.walk_cm, tour.bound_cm, tour.reason, None, None, None,
         seconds_of(len(works), len(slots), tour.walk_cm), None),
    )  # fmt: skip
    for order, slot in slots.items():
        act.tx.add(_insert_slot, (id, slot, order))
    _write_lines(act, id, _in_walking_order(works, tour, slots), slots)
    _advance(act, works)


def _approved(act: Act, orders: Sequence[bytes]) -> list[bytes]:
    """Orders that were held or cancelled meanwhile leave the wave, and their stock is free."""
    marks = ", ".join("?" * len(orders))
    rows = act.tx.rows(
        f"SELECT id FROM sales_order WHERE id IN ({marks}) AND state <> 'APPROVED'", orders
    )
    gone = {bytes(id) for (id,) in rows}
    for order in gone:
        allocating.let_go_all(act, queries.claims_of([order]))
        act.tx.run("UPDATE sales_order SET wave = NULL WHERE id = ?", (order,))
    return [order for order in orders if order not in gone]


def _in_walking_order(
    works: Sequence[Work], tour: PlannedTour, slots: dict[bytes, str]
) -> list[Work]:
    rank = {bytes.fromhex(place): n for n, place in enumerate(tour.places)}
    last = len(rank)
    return sorted(works, key=lambda w: (rank.get(w.place, last), int(slots[w.order]), w.id))


def _write_lines(
    act: Act, assignment: bytes, works: Sequence[Work], slots: dict[bytes, str]
) -> None:
    for n, work in enumerate(works, start=1):
        act.tx.add(
            _insert_line,
            (act.new_id(), assignment, n * SEQUENCE_GAP, "OPEN", work.id, work.order,
             work.order_line, work.item, work.place, slots[work.order], work.quantity, 0, 0, None,
             None),
        )  # fmt: skip


def _advance(act: Act, works: Sequence[Work]) -> None:
    """Claims and order lines go along: allocated → released."""
    units: dict[bytes, int] = {}
    for work in works:
        units[work.order_line] = units.get(work.order_line, 0) + work.quantity
    claims.advance_each(act, [work.id for work in works], "ALLOCATED", "RELEASED")
    lines.move_each(act, "allocated", "released", units)


def recall_assignment(act: Act, assignment: bytes, reason: str) -> None:
    """Take back work that nobody has begun: CANCELLED, its units open again for another wave.

    Raises WrongState once somebody holds it or has held it.
    """
    changed = act.tx.run(
        "UPDATE assignment SET state = 'CANCELLED', reason = ?, rev = rev + 1, completed_at = ? "
        "WHERE id = ? AND state = 'READY' AND started_at IS NULL",
        (reason, act.now_us, assignment),
    )
    if changed != 1:
        raise WrongState("assignment", assignment.hex(), "held by somebody", "READY, not begun")
    works = allocating.recall_lines(act, assignment)
    allocating.let_go_all(act, works)
    for order in dict.fromkeys(work.order for work in works):
        act.tx.run(
            "UPDATE sales_order SET wave = NULL WHERE id = ? AND state = 'APPROVED' "
            "AND NOT EXISTS (SELECT 1 FROM allocation a WHERE a.order_id = sales_order.id "
            "AND a.state IN ('ALLOCATED', 'RELEASED', 'PICKED'))",
            (order,),
        )
