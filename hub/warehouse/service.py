"""What people and the planner do with waves and work: the one door to this capability's acts.

The parts behind it: `waves` (state), `allocating`, `releasing`, `dispatch` (who gets which work),
`progress` (what holders report). Each function is part of an act and commits with it.
"""

from __future__ import annotations

from hub.inventory import service as inventory
from hub.journal import Act
from hub.warehouse.allocating import allocate_wave, cancel_wave
from hub.warehouse.floor import load_floor
from hub.warehouse.releasing import recall_assignment, release_wave
from hub.warehouse.streaming import Stream, set_stream
from hub.warehouse.waves import (
    NothingToPlan,
    PlanChanged,
    close_if_done,
    hold_wave,
    make_preview,
    plan_wave,
    preview_orders,
    resume_wave,
    set_goal,
    store_preview,
)

__all__ = [
    "NothingToPlan",
    "PlanChanged",
    "Stream",
    "allocate_wave",
    "cancel_wave",
    "close_if_done",
    "hold_wave",
    "lay_out",
    "make_preview",
    "plan_wave",
    "preview_orders",
    "recall_assignment",
    "release_wave",
    "resume_wave",
    "set_goal",
    "set_stream",
    "store_preview",
]


def lay_out(act: Act, floor_toml: str) -> int:
    """Give the site of the act its floor, and every bin its place on it; returns how many bins.

    Raises FloorRefused. Safe to repeat; bins that a new floor lacks keep their stock.
    """
    floor = load_floor(floor_toml)
    act.tx.run("UPDATE site SET floor = ? WHERE code = ?", (floor_toml, act.site))
    return inventory.define_bins(act, floor.bins())
