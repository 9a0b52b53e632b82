"""Barcodes as pictures: Code 128, EAN-13, ITF-14 and QR as SVG. Pure: text → drawing.

Owns EAN-13's and ITF's patterns (ISO/IEC 15420 and 16390); Code 128's are `hub.bulk.code128`'s, and
segno draws QR.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import segno

from hub.bulk.code128 import bars as code128

HEIGHT: Final = 34
QUIET: Final = 10
Bars = tuple[list[tuple[int, int]], int]
"""(start, width) of each bar in modules, and the width of the whole."""

_ODD: Final = (
    "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
_PARITY: Final = (
    "OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE",
    "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO",
)  # fmt: skip
"""Which of the left six digits stand in the even set; this alone says the first digit."""
_ITF: Final = (
    "NNWWN", "WNNNW", "NWNNW", "WWNNN", "NNWNW", "WNWNN", "NWWNN", "NNNWW", "WNNWN", "NWNWN",
)  # fmt: skip
_WIDTHS: Final = {"N": 1, "W": 3}


def svg(symbology: str, content: str) -> str:
    """The drawing of a label whose AIM identifier is `symbology`."""
    found, width = _bars(symbology, content)
    path = "".join(f"M{start + QUIET} 0h{wide}v{HEIGHT}h-{wide}z" for start, wide in found)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 2 * QUIET} {HEIGHT}" '
        f'preserveAspectRatio="none" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def qr(content: str) -> str:
    """The drawing of a QR code, as the hub's page shows an enrolment code."""
    drawn: str = segno.make_qr(content, error="m").svg_inline(
        border=3, dark="#000", light="#fff", lineclass=None, omitsize=True
    )
    return drawn


def _bars(symbology: str, content: str) -> Bars:
    if symbology == "]E0" and len(content) == 13:
        return ean13(content)
    if symbology == "]I1" and len(content) == 14:
        return itf14(content)
    return code128(content.replace("\x1d", ""))


def ean13(digits: str) -> Bars:
    """Thirteen digits, the check digit among them; their rightness is not looked at."""
    parity = _PARITY[int(digits[0])]
    left = [_left(digit, kind) for digit, kind in zip(digits[1:7], parity, strict=True)]
    right = [_inverse(_ODD[int(digit)]) for digit in digits[7:]]
    return _from_modules("101" + "".join(left) + "01010" + "".join(right) + "101")


def _left(digit: str, kind: str) -> str:
    odd = _ODD[int(digit)]
    return odd if kind == "O" else _inverse(odd)[::-1]


def _inverse(modules: str) -> str:
    return modules.translate({ord("0"): "1", ord("1"): "0"})


def itf14(digits: str) -> Bars:
    """Interleaved 2 of 5: bars say one digit of a pair, the spaces between them the other."""
    widths = [1, 1, 1, 1]
    for bar, space in zip(digits[::2], digits[1::2], strict=True):
        for one in zip(_ITF[int(bar)], _ITF[int(space)], strict=True):
            widths += [_WIDTHS[sign] for sign in one]
    return _from_widths([*widths, 3, 1, 1])


def _from_modules(modules: str) -> Bars:
    widths = [1]
    for before, now in pairwise(modules):
        if now == before:
            widths[-1] += 1
        else:
            widths.append(1)
    return _from_widths(widths)


def _from_widths(widths: list[int]) -> Bars:
    """Bar, space, bar, … beginning with a bar."""
    found, at = [], 0
    for n, width in enumerate(widths):
        if n % 2 == 0:
            found.append((at, width))
        at += width
    return found, at
