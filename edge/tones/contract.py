"""What a tone driver is, and how each outcome sounds. Owns the patterns, makes no sound."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, Protocol


class Tone(StrEnum):
    """What a person hears after an act."""

    OK = "OK"
    """Taken: right bin, right tote, an answer."""
    COUNT = "COUNT"
    """One scan was counted, and more are to come."""
    DONE = "DONE"
    """A count, a line or a whole piece of work is complete."""
    REFUSED = "REFUSED"
    """Nothing was recorded; the screen says why."""
    WARN = "WARN"
    """Recorded or heard, but look at the screen."""
    ALERT = "ALERT"
    """The device itself cannot go on."""


class Beep(NamedTuple):
    """One sound: a pitch for a time, then silence."""

    hertz: int
    sound_ms: int
    silence_ms: int = 40


PATTERNS: Final[dict[Tone, tuple[Beep, ...]]] = {
    Tone.OK: (Beep(1_760, 80),),
    Tone.COUNT: (Beep(2_640, 40),),
    Tone.DONE: (Beep(1_320, 70), Beep(1_980, 140)),
    Tone.REFUSED: (Beep(220, 250, 80), Beep(220, 250)),
    Tone.WARN: (Beep(660, 120, 60), Beep(660, 120)),
    Tone.ALERT: (Beep(440, 150), Beep(330, 150), Beep(220, 500)),
}
"""High and short for yes, low and twice for no: told apart by pitch, number and length."""


class ToneDriver(Protocol):
    """Makes the sounds."""

    def play(self, tone: Tone) -> None:
        """Begin the sound and return at once. Never raises."""
        ...
