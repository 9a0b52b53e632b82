"""Where one scan ends and the next begins in a stream of bytes. Owns the framings and their limit.

A scan ends at its terminator, never after a pause: a busy machine makes pauses and swallows them.
No decoding to text, no ports, no clock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

FRAME_BYTES_MAX: Final = 8_192
"""More than the largest symbol holds (a QR code: 7,089 digits)."""

_STX, _ETX = b"\x02", b"\x03"


class Framing(StrEnum):
    """What ends a scan; the scanner's suffix setting."""

    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    LINE = "line"
    """CR, LF or both: for scanners whose setting is not known."""
    TAB = "tab"
    STX_ETX = "stx_etx"


class FramingFault(msgspec.Struct, frozen=True):
    """Bytes that became no scan: how many, and why (`code`). The stream goes on behind them."""

    code: str
    discarded_bytes: int

    def __str__(self) -> str:
        return f"{self.discarded_bytes} bytes were no scan ({self.code}). Scan again."


FRAME_TOO_LONG: Final = "FRAME_TOO_LONG"
"""No terminator within the limit; everything up to the next one is discarded."""
FRAME_INTERRUPTED: Final = "FRAME_INTERRUPTED"
"""STX came again before ETX."""
UNFRAMED_BYTES: Final = "UNFRAMED_BYTES"
"""Bytes other than line ends stood before STX."""

Frame = bytes | FramingFault


class Framer:
    """Collects bytes and gives the whole frames among them, in order. Empty frames are none.

    Feeding byte by byte or in pieces gives the same frames as feeding at once.
    """

    def __init__(self, framing: Framing, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._frame_bytes_max = frame_bytes_max
        self._is_enclosed = framing is Framing.STX_ETX
        self._terminators = _TERMINATORS[framing]
        self._strip = b"\r\n" if framing in _LINE_FRAMINGS else b""
        self._pending = bytearray()
        self._discarded_bytes = 0

    @property
    def pending_bytes(self) -> int:
        """How many bytes wait for their terminator."""
        return len(self._pending) + self._discarded_bytes

    def feed(self, received: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        self._pending += received
        frames: list[Frame] = []
        while (ended := self._take_to_terminator()) is not None:
            frames += self._frames_in(ended)
        self._discard_oversize()
        return frames

    def reset(self) -> int:
        """Forget what waits for its terminator; returns how many bytes that were."""
        forgotten = self.pending_bytes
        self._pending.clear()
        self._discarded_bytes = 0
        return forgotten

    def _take_to_terminator(self) -> bytes | None:
        found = [(at, t) for t in self._terminators if (at := self._pending.find(t)) >= 0]
        if not found:
            return None
        at, terminator = min(found)
        taken = bytes(self._pending[:at])
        del self._pending[: at + len(terminator)]
        return taken

    def _frames_in(self, taken: bytes) -> list[Frame]:
        too_long = self._discarded_bytes + len(taken)
        if too_long > self._frame_bytes_max:
            self._discarded_bytes = 0
            return [FramingFault(FRAME_TOO_LONG, too_long)]
        if self._is_enclosed:
            return _enclosed(taken)
        frame = taken.strip(self._strip) if self._strip else taken
        return [frame] if frame else []

    def _discard_oversize(self) -> None:
        """Keep memory bounded while a terminator is missing.

        The last byte stays: it may be the first half of one.
        """
        if len(self._pending) + self._discarded_bytes > self._frame_bytes_max + 1:
            self._discarded_bytes += len(self._pending) - 1
            del self._pending[:-1]


_TERMINATORS: Final[dict[Framing, tuple[bytes, ...]]] = {
    Framing.CR: (b"\r",),
    Framing.LF: (b"\n",),
    Framing.CRLF: (b"\r\n",),
    Framing.LINE: (b"\r", b"\n"),
    Framing.TAB: (b"\t",),
    Framing.STX_ETX: (_ETX,),
}
_LINE_FRAMINGS: Final = (Framing.CR, Framing.LF, Framing.LINE)


def _enclosed(taken: bytes) -> list[Frame]:
    """What stands before an ETX: at best STX and the scan."""
    outside, *begun = taken.split(_STX)
    frames: list[Frame] = []
    rubbish = outside.strip(b"\r\n")
    if rubbish:
        frames.append(FramingFault(UNFRAMED_BYTES, len(rubbish)))
    frames += [FramingFault(FRAME_INTERRUPTED, len(part)) for part in begun[:-1] if part]
    return frames + [part for part in begun[-1:] if part]
