"""Tones through the terminal's bell. Owns how many bells each outcome gets.

A bell has one pitch, so only number tells the outcomes apart here: none for a count (twenty a
second would merge into noise), one for yes, two for complete, three and more for no.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from edge.tones.contract import Tone

BELL: Final = "\a"
BELLS: Final[dict[Tone, int]] = {
    Tone.COUNT: 0,
    Tone.OK: 1,
    Tone.DONE: 2,
    Tone.REFUSED: 3,
    Tone.WARN: 4,
    Tone.ALERT: 5,
}


class TerminalTone:
    """Rings the bell of the terminal that the agent was started from."""

    def __init__(self, fd: int | None = None) -> None:
        self._fd = sys.__stderr__.fileno() if fd is None and sys.__stderr__ else fd

    def play(self, tone: Tone) -> None:
        """Write the bells; a closed terminal is no error."""
        if self._fd is None or not BELLS[tone]:
            return
        try:
            os.write(self._fd, BELL.encode() * BELLS[tone])
        except OSError:
            return
