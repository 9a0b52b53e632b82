"""Reads for the page of exceptions: what is open, oldest first, and one with its end."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from peewee import fn

from hub.errors import NotFound
from hub.floor_exceptions import FloorException
from hub.warehouse import exception_totes
from hub.warehouse.exception_totes import PUT_BACK, ToteTask

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


def tasks(site: str, *, kind: str = "", rows: int = ROWS) -> list[FloorException | ToteTask]:
    """What is open as errands, oldest first: each exception by itself, but the units to be put back
    from one tote as one.
    """
    alone = FloorException.select().where(
        (FloorException.site == site)
        & FloorException.state.in_(STATES["OPEN"])
        & (
            (FloorException.kind != PUT_BACK)
            | FloorException.place.is_null()
            | FloorException.place.not_in(exception_totes.several(site))
        )
    )
    if kind:
        alone = alone.where(FloorException.kind == kind)
    found: list[FloorException | ToteTask] = list(
        alone.order_by(FloorException.opened_at).limit(rows)
    )
    if kind in ("", PUT_BACK):
        found += exception_totes.tote_tasks(site, rows)
    return sorted(found, key=lambda task: task.opened_at)[:rows]


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
    """How many errands of each kind are open (`tasks`)."""
    query: Any = (
        FloorException.select(FloorException.kind, fn.COUNT(FloorException.id))
        .where((FloorException.site == site) & FloorException.state.in_(STATES["OPEN"]))
        .group_by(FloorException.kind)
        .order_by(FloorException.kind)
        .tuples()
    )
    found = {kind: int(count) for kind, count in query}
    if PUT_BACK in found:
        found[PUT_BACK] -= exception_totes.facts_beyond_one(site)
    return found
