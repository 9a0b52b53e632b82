"""Named points at which a test may kill the agent. Owns their names, and does nothing unasked.

A crash test sets BINLIGHT_FAULT=name[:n] in the environment of a child process: the process kills
itself with SIGKILL when it passes the point for the n-th time (first by default). Unset, as
always outside tests, `reached` is a function that returns.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

POINTS: Final = frozenset({"before_commit", "after_commit", "before_mark_acked"})
ENVIRONMENT_NAME: Final = "BINLIGHT_FAULT"


def _never(_point: str) -> None:
    return


def _killer(wanted: str) -> Callable[[str], None]:
    name, _, count = wanted.partition(":")
    if name not in POINTS:
        raise ValueError(f"{ENVIRONMENT_NAME}={wanted!r} names none of {sorted(POINTS)}")
    left = int(count or 1)

    def count_down(point: str) -> None:
        nonlocal left
        left -= point == name
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count_down


_wanted = os.environ.get(ENVIRONMENT_NAME)
reached: Final[Callable[[str], None]] = _killer(_wanted) if _wanted else _never
"""Say that the named point is passed."""
