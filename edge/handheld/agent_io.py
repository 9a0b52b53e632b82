"""What goes into a handheld's core and what comes out, as values. Owns no behaviour.

Together with `edge/link/io_values.py` this is all that shells and simulations exchange with the
core.
"""

from __future__ import annotations

import msgspec

from edge.handheld.view import ScreenView
from edge.link.io_values import LinkAction, LinkInput
from edge.tones import Tone


class ScanRead(msgspec.Struct, frozen=True):
    """The scanner delivered one code."""

    text: str
    symbology: str | None = None


class ScanFailed(msgspec.Struct, frozen=True):
    """A pull of the trigger was lost on its way; `text` says how."""

    code: str
    text: str


class KeyTyped(msgspec.Struct, frozen=True):
    """One character from the keyboard, or "enter", "backspace", "escape"."""

    key: str


class BatteryRead(msgspec.Struct, frozen=True):
    percent: int


class RadioRead(msgspec.Struct, frozen=True):
    dbm: int | None


class DiskRead(msgspec.Struct, frozen=True):
    free_mb: int | None


class ScannerPresence(msgspec.Struct, frozen=True):
    """The scanner was unplugged, or is back."""

    is_there: bool
    reason: str = ""


class Tick(msgspec.Struct, frozen=True):
    """Time passed."""


class PlayTone(msgspec.Struct, frozen=True):
    tone: Tone


class ScreenChanged(msgspec.Struct, frozen=True):
    view: ScreenView


class Stop(msgspec.Struct, frozen=True):
    """The device can promise nothing more: end the process with this fact."""

    reason: str


class EnrolAgain(msgspec.Struct, frozen=True):
    """An enrolment code was scanned: end this run, and ask whether the device is given away."""

    text: str


class EnrolmentOver(msgspec.Struct, frozen=True):
    """The device has its identity, or keeps the one that it had: end this run."""


Input = (
    ScanRead
    | ScanFailed
    | KeyTyped
    | BatteryRead
    | RadioRead
    | DiskRead
    | ScannerPresence
    | Tick
    | LinkInput
)
Action = PlayTone | ScreenChanged | LinkAction | Stop | EnrolAgain | EnrolmentOver
