"""What a handheld's display shows, as values: rows of characters that look alike. Pure.

Owns its size and the names of keys. `terminal` draws on one; virtual time fills one directly.
"""

from __future__ import annotations

from typing import Final

import msgspec

COLUMNS: Final = 40
LINES: Final = 12
"""320 × 240 pixels, the smallest display that a handheld has."""
KEYS: Final = {"enter": "\r", "backspace": "\x7f", "escape": "\x1b"}
"""What a keyboard sends for keys that are no characters."""


class Run(msgspec.Struct, frozen=True, array_like=True):
    """Neighbouring characters that look alike. Colours are six hexadecimal digits, or ""."""

    text: str
    ink: str = ""
    ground: str = ""
    is_bold: bool = False
    is_inverse: bool = False


Rows = tuple[tuple[Run, ...], ...]
DARK: Final[Rows] = ((Run(" " * COLUMNS),),) * LINES


def text_of(rows: Rows) -> str:
    """The characters alone, without blanks at the lines' ends."""
    return "\n".join("".join(run.text for run in row).rstrip() for row in rows)
