"""The rest of a piece of work whose holder is gone: what nobody has begun is cut off into work of
its own. Owns that cut, and nothing of who gets it.

The holder keeps the lines that they have begun, with their totes; should they come back, they get
the revision without the others. What they picked of those all the same is a fact and counts.
"""

from __future__ import annotations

from typing import Any, Final

from hub.db import Insert
from hub.journal import Act
from hub.warehouse import holder, revisions
from hub.warehouse.models import Assignment, AssignmentSlot
from hub.warehouse.workload import seconds_of

_insert: Final = Insert(Assignment)
_insert_slot: Final = Insert(AssignmentSlot)
_UNBEGUN: Final = (
    "SELECT id, slot, order_id FROM work_line WHERE assignment = ? AND picked = 0 AND counted = 0 "
    "AND state IN ('OPEN', 'SKIPPED') ORDER BY sequence, id"
)


def plan_anew(act: Act, assignment: bytes) -> bytes | None:
    """Cut the lines that nobody has begun off into READY work; None when there are none.

    Raises NotFound.
    """
    held = holder.read(act, assignment)
    lines = act.tx.rows(_UNBEGUN, (assignment,))
    if not lines:
        return None
    slots = {str(slot): bytes(order) for _, slot, order in lines}
    id = _write(act, assignment, len(lines), len(slots))
    for slot, order in slots.items():
        act.tx.add(_insert_slot, (id, slot, order))
    for line, _, _ in lines:
        act.tx.run("UPDATE work_line SET assignment = ? WHERE id = ?", (id, bytes(line)))
    revisions.revise(act, held.id)
    return id


def _write(act: Act, before: bytes, lines: int, slots: int) -> bytes:
    """The new row: as before in all that does not concern its holder."""
    kept = ("site", "wave", "type", "method", "priority", "sequence", "walk_cm")
    row = act.tx.row(f"SELECT {', '.join(kept)} FROM assignment WHERE id = ?", (before,))
    assert row is not None  # noqa: S101 - it was read just now
    id = act.new_id()
    values: dict[str, Any] = dict(zip(kept, row, strict=True))
    values |= {"id": id, "state": "READY", "slots": slots, "reason": "PLANNED_ANEW"}
    values["work_s"] = seconds_of(lines, slots, int(values["walk_cm"]))
    act.tx.add(_insert, [values.get(column, _default(column)) for column in _insert.columns])
    act.tx.flush()
    return id


def _default(column: str) -> Any:
    return Assignment._meta.columns[column].default  # noqa: SLF001 - peewee keeps its columns there
