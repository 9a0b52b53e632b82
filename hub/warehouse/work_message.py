"""An assignment as its device gets it: the whole piece of work, with everything that is done of it.

Reads only. Lines that are over stay in it, so that whoever resumes sees the same count.
"""

from __future__ import annotations

from typing import Final

from hub.catalog import queries as catalog
from hub.errors import NotFound
from hub.journal import Act
from hub.warehouse.reserve_setting import lease_us
from protocols.messages.work import Assignment, CartSlot, WorkLine

_HEAD: Final = (
    "SELECT a.rev, a.method, a.walk_cm, a.person, w.code FROM assignment a "
    "JOIN wave w ON w.id = a.wave WHERE a.id = ?"
)
_LINES: Final = (
    "SELECT w.id, w.state, w.quantity, w.counted, w.picked, w.slot, w.item, p.code, p.x_cm, "
    "p.y_cm, i.sku, i.name, CASE WHEN b.place = w.place THEN b.on_hand ELSE 0 END "
    "FROM work_line w JOIN place p ON p.id = w.place JOIN item i ON i.id = w.item "
    "JOIN allocation c ON c.id = w.allocation JOIN balance b ON b.id = c.balance "
    "WHERE w.assignment = ? ORDER BY w.sequence, w.id"
)
_SLOTS: Final = (
    "SELECT s.slot, o.number, p.code FROM assignment_slot s "
    "JOIN sales_order o ON o.id = s.order_id "
    "LEFT JOIN slot_tote t ON t.assignment = s.assignment AND t.slot = s.slot "
    "LEFT JOIN place p ON p.id = t.tote WHERE s.assignment = ? ORDER BY s.slot, t.n"
)


def build_message(act: Act, assignment: bytes) -> Assignment:
    """The message for the present revision; raises NotFound."""
    act.tx.flush()
    head = act.tx.row(_HEAD, (assignment,))
    if head is None:
        raise NotFound("assignment", assignment.hex())
    rev, method, walk_cm, person, wave = head
    return Assignment(
        id=assignment.hex(),
        rev=rev,
        wave=wave,
        kind="PICK",
        method=method,
        lease_s=lease_us(act) // 1_000_000,
        lines=_lines(act, assignment),
        slots=_slots(act, assignment),
        walk_cm=walk_cm,
        person=None if person is None else bytes(person).hex(),
    )


def _lines(act: Act, assignment: bytes) -> tuple[WorkLine, ...]:
    rows = act.tx.rows(_LINES, (assignment,))
    codes = catalog.codes_of(act.tx, [bytes(row[6]) for row in rows])
    return tuple(
        WorkLine(
            id=bytes(id).hex(), bin=bin, item=bytes(item).hex(), sku=sku, name=name,
            quantity=quantity, slot=slot, codes=codes.get(bytes(item), {}), expected=expected,
            state=state, counted=counted, picked=picked, x_cm=x_cm, y_cm=y_cm,
        )
        for id, state, quantity, counted, picked, slot, item, bin, x_cm, y_cm, sku, name, expected
        in rows
    )  # fmt: skip


def _slots(act: Act, assignment: bytes) -> tuple[CartSlot, ...]:
    slots: dict[str, tuple[str, list[str]]] = {}
    for slot, number, tote in act.tx.rows(_SLOTS, (assignment,)):
        totes = slots.setdefault(slot, (number, []))[1]
        if tote is not None:
            totes.append(tote)
    return tuple(CartSlot(slot, number, tuple(totes)) for slot, (number, totes) in slots.items())
