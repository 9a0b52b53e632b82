"""How long a piece of work takes, roughly: for how much of it a device is given ahead. Pure.

A guess that is never shown as a promise. It needs to be right on average alone: too little and
people run dry when the radio is gone, too much and others wait until reserve is asked back.
"""

from __future__ import annotations

from typing import Final

WALK_CM_PER_S: Final = 110
"""A person with a cart; free walking is about 140."""
LINE_S: Final = 20
"""Bin scan, reaching, item scans, the tote; more pieces of one article add little."""
SLOT_S: Final = 10
"""An empty tote into its place at the start, and off the cart at packing."""


def seconds_of(lines: int, slots: int, walk_cm: int) -> int:
    """The time from the first tote to packing."""
    return walk_cm // WALK_CM_PER_S + lines * LINE_S + slots * SLOT_S
