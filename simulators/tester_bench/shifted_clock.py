"""A clock that somebody has set wrong, by as much as a file says. Owns that file's form.

The file holds eight bytes: microseconds, signed, little-endian. A device looks at every moment it
asks for, so its clock jumps while it works. The monotonic clock is the machine's own: setting a
clock never moves it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from edge.clock import Now, SystemClock

_FORM: Final = struct.Struct("<q")


class ShiftedClock:
    """The system's clocks, with another idea of UTC."""

    def __init__(self, path: str) -> None:
        self._file, self._system = Path(path), SystemClock()

    def now(self) -> Now:
        now = self._system.now()
        return Now(now.utc_us + shift_us(self._file), now.mono_ms)


def shift_us(file: Path) -> int:
    """How wrong the clock is; right while there is no such file."""
    try:
        kept = file.read_bytes()
    except FileNotFoundError:
        return 0
    return int(_FORM.unpack(kept)[0]) if len(kept) == _FORM.size else 0


def set_shift(file: Path, microseconds: int) -> None:
    """Set the clock wrong, or right again with 0. Whole at every moment."""
    beside = file.with_suffix(".new")
    beside.write_bytes(_FORM.pack(microseconds))
    beside.replace(file)
