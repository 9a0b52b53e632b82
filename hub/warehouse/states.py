"""The state machines of waves and assignments. Owns which steps exist.

Who takes them is in `service`, `dispatch` and `progress`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

Steps = frozenset[tuple[str, str]]

WAVE_STEPS: Final[Steps] = frozenset(
    {
        ("PLANNED", "ALLOCATING"), ("ALLOCATING", "ALLOCATED"), ("ALLOCATED", "RELEASED"),
        ("RELEASED", "IN_PROGRESS"), ("IN_PROGRESS", "COMPLETED"), ("COMPLETED", "CLOSED"),
        ("RELEASED", "HELD"), ("IN_PROGRESS", "HELD"), ("HELD", "RELEASED"),
        ("HELD", "IN_PROGRESS"), ("PLANNED", "CANCELLED"), ("ALLOCATED", "CANCELLED"),
    }
)  # fmt: skip

AS_PLANNED: Final[Steps] = frozenset(
    {
        ("CREATED", "READY"), ("READY", "OFFERED"), ("OFFERED", "ASSIGNED"),
        ("OFFERED", "READY"), ("ASSIGNED", "IN_PROGRESS"), ("ASSIGNED", "READY"),
        ("IN_PROGRESS", "SUSPENDED"), ("SUSPENDED", "IN_PROGRESS"),
        ("IN_PROGRESS", "EXCEPTION"), ("EXCEPTION", "READY"), ("EXCEPTION", "COMPLETED"),
        ("EXCEPTION", "CANCELLED"), ("IN_PROGRESS", "COMPLETED"), ("CREATED", "CANCELLED"),
        ("READY", "CANCELLED"),
    }
)  # fmt: skip
AS_REPORTED: Final[Steps] = frozenset(
    {
        ("OFFERED", "IN_PROGRESS"), ("READY", "IN_PROGRESS"), ("ASSIGNED", "COMPLETED"),
        ("SUSPENDED", "COMPLETED"), ("COMPLETED", "IN_PROGRESS"), ("EXCEPTION", "IN_PROGRESS"),
    }
)  # fmt: skip
"""What a device tells is a fact, also when the hub had believed otherwise: it began before its
answer came, or after its lease had ended; it took its last act back.
"""
TAKEN_BACK: Final[Steps] = frozenset(
    {
        ("IN_PROGRESS", "READY"), ("SUSPENDED", "READY"), ("EXCEPTION", "SUSPENDED"),
        ("OFFERED", "CANCELLED"), ("ASSIGNED", "CANCELLED"),
    }
)  # fmt: skip
"""By a supervisor, by a device that lost its memory, or because nothing is left to do in it."""
ASSIGNMENT_STEPS: Final[Steps] = AS_PLANNED | AS_REPORTED | TAKEN_BACK

TERMINAL: Final = ("COMPLETED", "CANCELLED")
HELD_BY_SOMEBODY: Final = ("OFFERED", "ASSIGNED", "IN_PROGRESS", "SUSPENDED", "EXCEPTION")
LINE_OVER: Final = ("DONE", "SHORT", "SUBSTITUTED", "CANCELLED")


def is_legal(steps: Steps, way: Iterable[str]) -> bool:
    """Whether each step of the way exists."""
    return all(step in steps for step in pairwise(way))
