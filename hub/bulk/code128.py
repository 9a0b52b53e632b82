"""Code 128 (ISO/IEC 15417): text to the widths of bars and spaces. Pure; draws nothing.

Code set B carries our labels; runs of digits go over to set C, two digits in a symbol. A GS1-128 is
the same with FNC1 in front and, for each GS of an element string, between the elements.
"""

from __future__ import annotations

import re
from typing import Final

from hub.errors import BadValue
from protocols.barcodes import GS

_WIDTHS_TEXT: Final = """
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232
    122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122
    321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311
    211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113
    213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422
    121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111
    241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121
    412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412
    211214 211232 2331112
"""
_WIDTHS: Final = _WIDTHS_TEXT.split()
"""Symbol value → widths of bar, space, bar, … in modules."""
CODE_C: Final = 99
CODE_B: Final = 100
FNC1: Final = 102
START_B: Final = 104
START_C: Final = 105
STOP: Final = 106
QUIET_MODULES: Final = 10
"""Blank that a reader needs on either side."""
_PIECES: Final = re.compile(r"(?:\d\d){2,}|.", re.DOTALL)
"""Four digits and more are shorter in set C."""


def symbols(text: str, *, gs1: bool = False) -> list[int]:
    """The symbol values from start to stop, check symbol included. Raises BadValue."""
    printable = text.replace(GS, "") if gs1 else text
    if not printable or not all(" " <= char <= "~" for char in printable):
        raise BadValue("barcode", text, "Code 128 carries printable ASCII here")
    values = _content(GS + text if gs1 else text)
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return [*values, check, STOP]


def _content(text: str) -> list[int]:
    values: list[int] = []
    is_c = False
    for piece in _PIECES.findall(text):
        if (len(piece) > 1) != is_c or not values:
            is_c = len(piece) > 1
            values.append(_switch(is_c, is_start=not values))
        values += _pairs(piece) if is_c else [FNC1 if piece == GS else ord(piece) - 32]
    return values


def _switch(is_c: bool, *, is_start: bool) -> int:
    if is_start:
        return START_C if is_c else START_B
    return CODE_C if is_c else CODE_B


def _pairs(digits: str) -> list[int]:
    return [int(digits[i : i + 2]) for i in range(0, len(digits), 2)]


def bars(text: str, *, gs1: bool = False) -> tuple[list[tuple[int, int]], int]:
    """(start, width) of every bar in modules, and the width of the whole without quiet zones."""
    found: list[tuple[int, int]] = []
    at = 0
    for value in symbols(text, gs1=gs1):
        for n, width in enumerate(map(int, _WIDTHS[value])):
            if n % 2 == 0:
                found.append((at, width))
            at += width
    return found, at
