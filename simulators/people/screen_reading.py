"""How a simulated person reads a handheld's screen: words back into facts. Pure.

Owns nothing of the screen: it reads what `edge.handheld.view` shows, by the sentences in `texts`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from edge.handheld.texts import TEXTS
from edge.handheld.view import ScreenView


class LineOnScreen(NamedTuple):
    """What the screen asks for now."""

    bin: str
    name: str
    asked: int
    counted: int
    slot: str
    tote: str


def _pattern(code: str) -> re.Pattern[str]:
    named = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*)", re.escape(TEXTS[code]))
    return re.compile(named, re.DOTALL)


_INTO: Final = _pattern("INTO")
_INTO_SLOT: Final = _pattern("INTO_SLOT")
_PROGRESS: Final = (_pattern("PROGRESS_AND_MORE"), _pattern("PROGRESS"))


def read_line(view: ScreenView) -> LineOnScreen | None:
    """The line at hand; None on a screen that shows none."""
    if len(view.rows) != 3:
        return None
    bin, take, into = (row.text for row in view.rows)
    asked, _, name = take.partition("  ")
    where = _INTO.fullmatch(into)
    if where is None or not asked.isdigit():
        return None
    return LineOnScreen(bin, name, int(asked), view.counted or 0, where["slot"], where["tote"])


def slot_to_fill(view: ScreenView) -> str | None:
    """Which slot of the cart wants a tote."""
    for row in view.rows:
        found = _INTO_SLOT.fullmatch(row.label)
        if row.look == "NOW" and found is not None:
            return found["slot"]
    return None


def lines_over(view: ScreenView) -> int:
    """How many lines of the work in hand are finished."""
    matches = (pattern.fullmatch(view.progress) for pattern in _PROGRESS)
    found = next((match for match in matches if match is not None), None)
    if found is None:
        return 0
    return int(found["stops"]) if view.phase == "FINISH" else int(found["stop"]) - 1
