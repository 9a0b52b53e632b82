"""The quantity ledger of order lines. Owns the stage columns and `line_move`.

At every moment the stages of a line add up to what was ordered; `move` is the only way to change
them, one guarded statement each, so two acts can never both take the same unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from hub.errors import HubError
from hub.journal import Act
from hub.orders.models import LINES

LEGAL: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("open", "promised"), ("promised", "open"),
        ("open", "allocated"), ("allocated", "open"),
        ("promised", "allocated"), ("allocated", "promised"),
        ("allocated", "released"), ("released", "allocated"),
        ("released", "picked"), ("picked", "released"),
        ("picked", "packed"), ("packed", "picked"),
        ("packed", "shipped"),
        ("open", "backordered"), ("promised", "backordered"),
        ("allocated", "backordered"), ("released", "backordered"),
        ("backordered", "open"), ("backordered", "promised"), ("backordered", "allocated"),
        ("backordered", "released"),
        *((stage, "cancelled") for stage in
          ("open", "backordered", "promised", "allocated", "released", "picked", "packed")),
    }
)  # fmt: skip
"""From which stage units may go to which: (source, target)."""

_SQL: Final = {
    (a, b): f'UPDATE order_line SET "{a}" = "{a}" - ?, "{b}" = "{b}" + ? '
    f'WHERE id = ? AND "{a}" >= ?'
    for a, b in LEGAL
}


class NotThatMany(HubError):
    """The line has fewer units in that stage than were to move on."""

    code = "NOT_THAT_MANY"

    def __init__(self, line: bytes, stage: str, quantity: int) -> None:
        self.line, self.stage, self.quantity = line.hex(), stage, quantity
        super().__init__(f"Fewer than {quantity} units of the line are {stage}.")


def move(act: Act, line: bytes, source: str, target: str, quantity: int, reason: str = "") -> None:
    """Bring units of a line from one stage to the next; raises NotThatMany, KeyError if illegal."""
    if act.tx.take(_SQL[source, target], (quantity, quantity, line, quantity)) != 1:
        raise NotThatMany(line, source, quantity)
    record(act, line, source, target, quantity, reason)


def move_each(
    act: Act, source: str, target: str, quantities: Mapping[bytes, int], reason: str = ""
) -> None:
    """`move` for many lines by the same step: line → units. Raises NotThatMany, KeyError."""
    moved = list(quantities.items())
    rows = [(quantity, quantity, line, quantity) for line, quantity in moved]
    touched = act.tx.run_each(_SQL[source, target], rows)
    for (line, quantity), count in zip(moved, touched, strict=True):
        if count != 1:
            raise NotThatMany(line, source, quantity)
        record(act, line, source, target, quantity, reason)


def record(act: Act, line: bytes, source: str, target: str, quantity: int, reason: str) -> None:
    """Write the ledger row alone: for new lines, whose columns the insert carries."""
    act.tx.append(
        LINES,
        act.site,
        (act.key, act.next_n(), line, source, target, quantity, reason, act.actor,
         act.occurred_at, act.now_us),
    )  # fmt: skip


_WAYS: Final = {
    ("open", "picked"): ("open", "allocated", "released", "picked"),
    ("backordered", "picked"): ("backordered", "released", "picked"),
}


def take_through(act: Act, line: bytes, source: str, target: str, quantity: int) -> None:
    """Bring units through every stage in between: for goods that were picked before the plan
    knew of it. Each step is a row of its own.
    """
    way = _WAYS[source, target]
    for before, after in pairwise(way):
        move(act, line, before, after, quantity, "picked beyond the plan")
