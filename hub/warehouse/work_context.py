"""What an act on a work line needs to know, read in one statement. Owns the read and the two small
writes that every line event has in common: the line's new state, and what can be undone.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.db import Insert
from hub.errors import NotFound
from hub.inventory.claims import Claim
from hub.inventory.posting import Goods, Where
from hub.journal import Act
from hub.warehouse.models import LineAct


class LineAtWork(NamedTuple):
    """A work line, its assignment, and its claim with the goods it stands for."""

    id: bytes
    assignment: bytes
    state: str
    quantity: int
    counted: int
    picked: int
    place: bytes
    slot: str
    order: bytes
    order_line: bytes
    assignment_state: str
    rev: int
    device: str
    lease_until: int
    claim: Claim
    goods: Goods
    lpn: str
    status: str

    @property
    def bin(self) -> Where:
        return Where(self.place, True, self.status, self.lpn)

    @property
    def missing(self) -> int:
        return self.quantity - self.picked


READ_AHEAD_MAX: Final = 128
_SELECT: Final = (
    "SELECT w.id, w.assignment, w.state, w.quantity, w.counted, w.picked, w.place, w.slot, "
    "w.order_id, w.order_line, a.state, a.rev, a.device, a.lease_until, "
    "c.id, c.balance, c.order_id, c.order_line, c.item, c.place, c.quantity, c.state, "
    "b.company, b.item, b.lot, b.owner, b.lpn, b.status "
    "FROM work_line w JOIN assignment a ON a.id = w.assignment "
    "JOIN allocation c ON c.id = w.allocation JOIN balance b ON b.id = c.balance WHERE w.id IN "
)
_READ: Final = {count: f"{_SELECT} ({', '.join('?' * count)})" for count in (1, READ_AHEAD_MAX)}
_insert_act: Final = Insert(LineAct)


def read_line(act: Act, id: bytes) -> LineAtWork:
    """One work line; raises NotFound. Those that will be asked for next are read along with it."""
    found = act.tx.foreseen.pop(id, None) or _read_ahead(act, id)
    if found is None:
        raise NotFound("work line", id.hex())
    return found


def _read_ahead(act: Act, id: bytes) -> LineAtWork | None:
    """Read this line, and while the transaction trusts those that will follow.

    What is done to one line may change others with the same claim, so of those none is foreseen.
    """
    tx = act.tx
    wanted = tx.upcoming(id, READ_AHEAD_MAX) if tx.trusts else [id]
    marks = 1 if len(wanted) == 1 else READ_AHEAD_MAX
    wanted += [id] * (marks - len(wanted))
    foreseen, asked = tx.foreseen, None
    for row in tx.rows(_READ[marks], wanted):
        line = _line(_plain(row) if tx.is_postgresql else row)
        holder = foreseen.setdefault(line.claim.id, line.id)
        if line.id == id:
            asked = line
        elif holder == line.id:
            foreseen[line.id] = line
        if holder != line.id:
            foreseen.pop(holder, None)
    return asked


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)


def _line(row: tuple[Any, ...]) -> LineAtWork:
    claim, goods = Claim(*row[14:22]), Goods(*row[22:26])
    return LineAtWork._make((*row[:14], claim, goods, *row[26:]))


_SET: Final = "UPDATE work_line SET state = ?, counted = ?, picked = ?, done_at = ? WHERE id = ?"


def set_line(act: Act, line: LineAtWork, state: str, counted: int, picked: int) -> None:
    """Write a line's new state; `done_at` is set when it is over."""
    done_at = act.occurred_at if state in {"DONE", "SHORT", "CANCELLED"} else None
    act.tx.take(_SET, (state, counted, picked, done_at, line.id))


def see_line(act: Act, line: LineAtWork, state: str, counted: int) -> None:
    """Write the new state of a line of which nothing else changes."""
    set_line(act, line, state, counted, line.picked)
    if act.tx.trusts:
        act.tx.foreseen[line.id] = line._replace(state=state, counted=counted)


def remember(
    act: Act, line: LineAtWork, kind: str, *, quantity: int = 0, tote: bytes | None = None,
    allocation: bytes | None = None, unclaimed: int = 0, n: int = 1,
) -> None:  # fmt: skip
    """Keep what the act did, so that `ActUndone` can take it back; `n` numbers parts of an act."""
    act.tx.add(
        _insert_act,
        (act.site, act.key, n, line.id, kind, quantity, line.place, tote, allocation, unclaimed,
         line.state, line.counted, line.picked, None),
    )  # fmt: skip


def remember_work(act: Act, assignment: bytes, kind: str, tote: bytes | None = None) -> None:
    """Keep an act on the whole assignment (`line` is its id then): a tote put into a slot, or
    that it was completed.
    """
    act.tx.add(
        _insert_act,
        (act.site, act.key, 1, assignment, kind, 0, None, tote, None, 0, "", 0, 0, None),
    )
