"""Tones: one distinct sound for each outcome, because people scan with their back to the screen.

The contract of a driver: `play(tone)` begins the sound and returns at once; a sound that cannot be
made is not an error, since the screen says the same. Drivers are named in configuration and found
by entry point (`binlight.tones`).
"""

from edge.tones.aplay import AplayTone
from edge.tones.choice import tone_driver
from edge.tones.contract import PATTERNS, Beep, Tone, ToneDriver
from edge.tones.silent import RecordingTone, SilentTone
from edge.tones.terminal import TerminalTone

__all__ = [
    "PATTERNS",
    "AplayTone",
    "Beep",
    "RecordingTone",
    "SilentTone",
    "TerminalTone",
    "Tone",
    "ToneDriver",
    "tone_driver",
]
