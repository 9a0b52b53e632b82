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

ASSIGNMENT_STEPS: Final[Steps] = frozenset(
    {
        ("CREATED", "READY"), ("READY", "OFFERED"), ("OFFERED", "ASSIGNED"),
        ("OFFERED", "READY"), ("ASSIGNED", "IN_PROGRESS"), ("ASSIGNED", "READY"),
        ("IN_PROGRESS", "SUSPENDED"), ("SUSPENDED", "IN_PROGRESS"),
        ("IN_PROGRESS", "EXCEPTION"), ("EXCEPTION", "READY"), ("EXCEPTION", "COMPLETED"),
        ("EXCEPTION", "CANCELLED"), ("IN_PROGRESS", "COMPLETED"), ("COMPLETED", "IN_PROGRESS"),
        ("CREATED", "CANCELLED"), ("READY", "CANCELLED"),
    }
)  # fmt: skip
"""Work that nobody holds can be cancelled where it is; other work comes back first."""

TERMINAL: Final = ("COMPLETED", "CANCELLED")
HELD_BY_SOMEBODY: Final = ("OFFERED", "ASSIGNED", "IN_PROGRESS", "SUSPENDED", "EXCEPTION")
LINE_OVER: Final = ("DONE", "SHORT", "SUBSTITUTED", "CANCELLED")


def is_legal(steps: Steps, way: Iterable[str]) -> bool:
    """Whether each step of the way exists."""
    return all(step in steps for step in pairwise(way))
