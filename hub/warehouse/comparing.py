"""The orders of a wave on other carts: figures that stand beside its own plan, so that a person can
choose. Owns the table `wave_comparison`.

Somebody asks (`ask`), the planner computes outside of any transaction (`next_asked`, `compute`) and
enters what it found (`store`). The wave itself does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from hub.errors import BadValue, WrongState
from hub.journal import Act
from hub.warehouse import queries
from hub.warehouse.models import Wave
from hub.warehouse.queries import Preview
from hub.warehouse.waves import SLOTS_MAX, preview_orders

KEPT: Final = 4
"""Comparisons of one wave; the oldest gives way."""
Rows = Callable[[str, Sequence[Any]], Sequence[tuple[Any, ...]]]
_encode: Final = msgspec.json.Encoder().encode


class PlanFigures(msgspec.Struct, frozen=True):
    """What a plan costs; the tours themselves are not kept."""

    walk_cm: int
    bound_cm: int
    baseline_cm: int
    tours: int
    totes: int
    lines: int
    units: int
    short: int
    left_out: int


class Comparison(NamedTuple):
    """Orders on a cart, and what that would cost: None while the planner is at it."""

    slots: int
    figures: PlanFigures | None


def figures_of(preview: Preview) -> PlanFigures:
    return PlanFigures(
        preview.walk_cm, preview.bound_cm, preview.baseline_cm, len(preview.tours),
        preview.totes, preview.lines, preview.units, len(preview.shortages),
        len(preview.left_out),
    )  # fmt: skip


# --- acts ----------------------------------------------------------------------------------------


def ask(act: Act, wave: bytes, slots: int) -> None:
    """Have the wave's orders planned for a cart of so many slots; asked again, planned anew.

    Raises BadValue, NotFound, and WrongState once the wave is more than planned.
    """
    if not 1 <= slots <= SLOTS_MAX:
        raise BadValue("slots", slots, f"a cart has 1 to {SLOTS_MAX}")
    found = queries.wave(wave)
    if found.state != "PLANNED":
        raise WrongState("wave", found.code, found.state, "PLANNED")
    act.tx.run(
        "INSERT INTO wave_comparison (wave, slots, asked_at, figures) VALUES (?, ?, ?, '') "
        "ON CONFLICT (wave, slots) DO UPDATE SET asked_at = excluded.asked_at, figures = ''",
        (wave, slots, act.now_us),
    )
    _forget(act, wave)


def _forget(act: Act, wave: bytes) -> None:
    """What nobody looks at any more: old ones of this wave, all of waves that went on."""
    act.tx.run(
        "DELETE FROM wave_comparison WHERE wave = ? AND slots NOT IN (SELECT slots FROM "
        "wave_comparison WHERE wave = ? ORDER BY asked_at DESC, slots LIMIT ?)",
        (wave, wave, KEPT),
    )
    act.tx.run(
        "DELETE FROM wave_comparison WHERE wave IN "
        "(SELECT id FROM wave WHERE site = ? AND state <> 'PLANNED')",
        (act.site,),
    )


def store(act: Act, wave: bytes, slots: int, figures: PlanFigures) -> bool:
    """Enter what the planner found; False when nobody waits for it any more."""
    return act.tx.run(
        "UPDATE wave_comparison SET figures = ? WHERE wave = ? AND slots = ? AND figures = ''",
        (_encode(figures).decode(), wave, slots),
    ) == 1  # fmt: skip


# --- reads ----------------------------------------------------------------------------------------


def next_asked(rows: Rows, site: str) -> tuple[bytes, int] | None:
    """The wave and cart that somebody has waited for longest."""
    found = rows(
        "SELECT c.wave, c.slots FROM wave_comparison c JOIN wave w ON w.id = c.wave "
        "WHERE c.figures = '' AND w.site = ? AND w.state = 'PLANNED' "
        "ORDER BY c.asked_at, c.slots LIMIT 1",
        (site,),
    )
    return (bytes(found[0][0]), int(found[0][1])) if found else None


def compute(wave: Wave, slots: int) -> PlanFigures:
    """Plan the orders for another cart from the present books. Reads only; takes its time."""
    orders = queries.orders_in(wave.id)
    return figures_of(preview_orders(wave.site, orders, slots=slots, lines_max=wave.lines_max))


def of_wave(rows: Rows, wave: bytes) -> list[Comparison]:
    """What was asked for, newest first."""
    found = rows(
        "SELECT slots, figures FROM wave_comparison WHERE wave = ? ORDER BY asked_at DESC, slots",
        (wave,),
    )
    return [Comparison(int(slots), _figures(text)) for slots, text in found]


def _figures(text: str) -> PlanFigures | None:
    return msgspec.json.decode(text, type=PlanFigures) if text else None
