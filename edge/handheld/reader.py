"""Everything by which people tell a device something: its scanner and its keys.

Owns the line that is being typed, and that no scan is ever joined with it. What a scan or a line
means, `reading.py` says.
"""

from __future__ import annotations

from edge.config import DeviceConfig
from edge.handheld.agent_io import ScanRead
from edge.handheld.outcome import PersonInput
from edge.handheld.reading import EnrolmentRead, read_scan, read_typed
from edge.handheld.work import HandheldState
from protocols.barcodes import RawScan
from protocols.limits import SCAN_CHARS_MAX


class Reader:
    """One device's scanner and keys."""

    def __init__(self, config: DeviceConfig, *, sends_fnc1: bool) -> None:
        self._config = config
        self.sends_fnc1 = sends_fnc1
        """Whether the scanner is known to send FNC1 as GS: it may become known later."""
        self.typed = ""
        """The characters since the last Enter."""

    def scan(self, scan: ScanRead) -> PersonInput | EnrolmentRead:
        """What the scanner saw. What was typed before is gone, never joined with it (lesson 14)."""
        self.typed = ""
        return read_scan(RawScan(scan.text, scan.symbology), self._config, self.sends_fnc1)

    def press(self, key: str, state: HandheldState) -> PersonInput | EnrolmentRead | None:
        """Take one key (see `KeyTyped`); what the line means that it ends, None while it ends none.

        `state` decides whether digits are a figure or a code.
        """
        if key == "enter":
            line, self.typed = self.typed, ""
            return read_typed(line, state) if line.strip() else None
        if key == "backspace":
            self.typed = self.typed[:-1]
        elif key == "escape":
            self.typed = ""
        elif len(key) == 1 and key.isprintable():
            self.typed = (self.typed + key)[:SCAN_CHARS_MAX]
        return None
