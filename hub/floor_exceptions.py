"""What needs a person: the one list of exceptions. Owns its table, opening and resolving.

Any capability opens one in the same transaction as the fact; each kind names the acts that settle
it in the capability that can carry them out (docs/exceptions.md). Texts are code + values.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import peewee

from hub.db import BytesField, CountField, IdField, Insert, MomentField, Table
from hub.errors import WrongState
from hub.journal import Act

_encode: Final = msgspec.json.Encoder().encode


class FloorException(Table):
    """OPEN → RESOLVED; WAITING between them while a count waits for what devices have yet to say.

    `physical` is what a person saw in the place, when somebody looked.
    """

    id = IdField(primary_key=True)
    site = peewee.TextField()
    kind = peewee.TextField()
    state = peewee.TextField(default="OPEN")
    place = IdField(null=True)
    item = IdField(null=True)
    order_line = IdField(null=True)
    assignment = IdField(null=True)
    device = peewee.TextField(default="")
    person = IdField(null=True)
    quantity = CountField(default=0)
    physical = CountField(null=True)
    values = BytesField()
    cause = peewee.TextField()
    opened_at = MomentField()
    occurred_at = MomentField(default=0)
    """When it happened on the floor, by the device's corrected clock."""
    resolved_at = MomentField(null=True)
    resolved_by = IdField(null=True)
    resolution = peewee.TextField(default="")

    class Meta:
        table_name = "floor_exception"
        indexes = (
            (("site", "state", "opened_at"), False),
            (("place", "item", "state"), False),
            (("assignment", "state"), False),
            (("site", "cause"), False),
        )


_insert = Insert(FloorException)


def open_exception(
    act: Act, kind: str, *, place: bytes | None = None, item: bytes | None = None,
    order_line: bytes | None = None, assignment: bytes | None = None,
    person: bytes | None = None, quantity: int = 0, physical: int | None = None,
    **values: Any,
) -> bytes:  # fmt: skip
    """Open one; returns its id. `values` fill the text and must hold nothing personal."""
    id = act.new_id()
    act.tx.add(
        _insert,
        (id, act.site, kind, "OPEN", place, item, order_line, assignment, act.device, person,
         quantity, physical, _encode(values), act.key, act.now_us, act.occurred_at,
         None, None, ""),
    )  # fmt: skip
    return id


def resolve(act: Act, id: bytes, resolution: str) -> None:
    """Close one with what was done about it; raises WrongState when it is closed already."""
    act.tx.flush()
    changed = act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolved_by = ?, "
        "resolution = ? WHERE id = ? AND state = 'OPEN'",
        (act.now_us, act.actor, resolution, id),
    )
    if changed != 1:
        raise WrongState("exception", id.hex(), "not open", "OPEN")
