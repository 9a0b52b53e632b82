"""Named points at which a test may kill a hub process. Owns their names, and does nothing unasked.

A crash test sets BINLIGHT_FAULT=part:point[:n] in the environment: that part of the hub kills
itself with SIGKILL when it passes the point for the n-th time (first by default). For a hub that
starts its parts again, BINLIGHT_FAULT=@FILE names a file with one such line: the next start of that
part takes the line away with it, so the start after that one lives. Unset, as always outside tests,
`reached` is a function that returns.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

POINTS: Final = frozenset({"before_commit", "after_commit", "before_puback", "before_mark_sent"})
ENVIRONMENT_NAME: Final = "BINLIGHT_FAULT"

Reached = Callable[[str], None]


def never(_point: str) -> None:
    """The fault points of a process that nobody wants to kill."""


def for_part(part: str) -> Reached:
    """What the named part of the hub calls at its points; raises ValueError for unknown ones."""
    wanted = os.environ.get(ENVIRONMENT_NAME, "")
    if wanted.startswith("@"):
        wanted = _taken(Path(wanted[1:]), part)
    chosen, _, rest = wanted.partition(":")
    if chosen != part:
        return never
    name, _, count = rest.partition(":")
    if name not in POINTS:
        raise ValueError(f"{ENVIRONMENT_NAME}={wanted!r} names none of {sorted(POINTS)}")
    return _killer(name, int(count or 1))


def _taken(file: Path, part: str) -> str:
    """The line of the file if it is meant for this part; then the file is gone."""
    try:
        wanted = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    if wanted.partition(":")[0] == part:
        file.unlink(missing_ok=True)
    return wanted


def _killer(name: str, left: int) -> Reached:
    def count_down(point: str) -> None:
        nonlocal left
        left -= point == name
        if left == 0 and point == name:
            os.kill(os.getpid(), signal.SIGKILL)

    return count_down
