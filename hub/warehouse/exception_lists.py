"""Reads for the page of exceptions: what is open, oldest first, and one with its end."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from peewee import fn

from hub.errors import NotFound
from hub.floor_exceptions import FloorException

ROWS: Final = 60
STATES: Final = {"OPEN": ("OPEN", "WAITING"), "RESOLVED": ("RESOLVED",)}
"""Counts that wait for devices are open still."""


def exceptions(
    site: str, *, state: str = "OPEN", kind: str = "", rows: int = ROWS
) -> list[FloorException]:
    """Open ones oldest first; settled ones latest first."""
    query = FloorException.select().where(
        (FloorException.site == site) & FloorException.state.in_(STATES[state])
    )
    if kind:
        query = query.where(FloorException.kind == kind)
    order = FloorException.opened_at
    return list(query.order_by(order if state == "OPEN" else order.desc()).limit(rows))


def exception(site: str, id: bytes) -> FloorException:
    """One; raises NotFound."""
    found: FloorException | None = FloorException.get_or_none(
        (FloorException.id == id) & (FloorException.site == site)
    )
    if found is None:
        raise NotFound("exception", id.hex())
    return found


def values_of(row: FloorException) -> dict[str, Any]:
    """What fills the text of the kind."""
    found: dict[str, Any] = msgspec.json.decode(bytes(row.values))
    return {"quantity": row.quantity, **found}


def open_by_kind(site: str) -> dict[str, int]:
    query: Any = (
        FloorException.select(FloorException.kind, fn.COUNT(FloorException.id))
        .where((FloorException.site == site) & FloorException.state.in_(STATES["OPEN"]))
        .group_by(FloorException.kind)
        .order_by(FloorException.kind)
        .tuples()
    )
    return {kind: int(count) for kind, count in query}
