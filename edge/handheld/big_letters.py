"""Letters three lines high, for what has to be read at arm's length. Owns their shapes only.

Block elements that Linux consoles, Textual and DejaVu all have. What has no shape is not drawn big.
"""

from __future__ import annotations

from typing import Final

LINES: Final = 3
SHAPES: Final[dict[str, tuple[str, str, str]]] = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    "A": ("▄▀▄", "█▀█", "▀ ▀"),
    "B": ("█▀▄", "█▀▄", "▀▀ "),
    "C": ("▄▀▀", "█  ", " ▀▀"),
    "D": ("█▀▄", "█ █", "▀▀ "),
    "E": ("█▀▀", "█▀ ", "▀▀▀"),
    "F": ("█▀▀", "█▀ ", "▀  "),
    "G": ("▄▀▀", "█ ▄", " ▀▀"),
    "H": ("█ █", "█▀█", "▀ ▀"),
    "I": ("▀█▀", " █ ", "▀▀▀"),
    "J": ("  █", "▄ █", " ▀ "),
    "K": ("█ █", "█▀▄", "▀ ▀"),
    "L": ("█  ", "█  ", "▀▀▀"),
    "M": ("█▄ ▄█", "█ ▀ █", "▀   ▀"),
    "N": ("█▄ █", "█ ▀█", "▀  ▀"),
    "O": ("▄▀▄", "█ █", " ▀ "),
    "P": ("█▀▄", "█▀ ", "▀  "),
    "Q": ("▄▀▄ ", "█ █ ", " ▀▀▄"),
    "R": ("█▀▄", "█▀▄", "▀ ▀"),
    "S": ("▄▀▀", " ▀▄", "▀▀ "),
    "T": ("▀█▀", " █ ", " ▀ "),
    "U": ("█ █", "█ █", " ▀ "),
    "V": ("█ █", "▀▄▀", " ▀ "),
    "W": ("█   █", "█▄▀▄█", "▀   ▀"),
    "X": ("▀▄▀", "▄▀▄", "▀ ▀"),
    "Y": ("█ █", " █ ", " ▀ "),
    "Z": ("▀▀█", "▄▀ ", "▀▀▀"),
    "-": ("  ", "▀▀", "  "),
    "/": ("  ▞", " ▞ ", "▞  "),
    " ": (" ", " ", " "),
}


def big(text: str, width: int) -> tuple[str, ...]:
    """The text in three lines, each exactly `width` wide; nothing when it cannot be drawn so."""
    shapes = [SHAPES.get(sign) for sign in text]
    if None in shapes or sum(len(shape[0]) + 1 for shape in shapes if shape) > width:
        return ()
    rows = (" ".join(shape[n] for shape in shapes if shape) for n in range(LINES))
    return tuple(row.center(width) for row in rows)
