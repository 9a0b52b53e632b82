"""The scanner as the agent's loop sees it: opened, read, lost and found again.

Owns when a lost scanner is tried again, and the watchdog: one that was quiet for long is opened
anew, because some stop after hours without a word (lesson 24). What a driver must do stands in
`edge/scanners/contract.py`; what a scan means is not known here.
"""

from __future__ import annotations

from typing import Final

from edge.handheld.agent_io import Input, ScanFailed, ScannerPresence, ScanRead
from edge.scanners.contract import Reading, Scanner, ScannerError, ScannerFault

TRY_AGAIN_MS: Final = 2_000
READ_EVERY_MS: Final = 1_000
"""Not every unplugging wakes a selector."""
QUIET_MS: Final = 900_000
"""A port that delivered nothing for so long is closed and opened: nobody scans at that moment, and
a port that has died is noticed, even one that only looks alive."""


class ScannerPort:
    """One scanner."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._is_open = False
        self._was_missed = False
        self._quiet_since_ms = 0
        self.next_wakeup_ms = 0

    @property
    def fileno(self) -> int | None:
        """What the selector waits on; None while there is no scanner."""
        return self._scanner.fileno() if self._is_open else None

    def turn(self, now_ms: int, readable: bool) -> list[Input]:
        """Open or read, as is due."""
        if not readable and now_ms < self.next_wakeup_ms:
            return []
        try:
            return self._read(now_ms, readable) if self._is_open else self._open(now_ms)
        except ScannerError as wrong:
            return self._lose(str(wrong), now_ms)

    def close(self) -> None:
        """Let go of the device; the next turn opens it again."""
        self._scanner.close()
        self._is_open = False
        self.next_wakeup_ms = 0

    def _open(self, now_ms: int) -> list[Input]:
        self._scanner.open()
        self._is_open = True
        self._quiet_since_ms = now_ms
        self.next_wakeup_ms = now_ms
        was_missed, self._was_missed = self._was_missed, False
        return [ScannerPresence(is_there=True)] if was_missed else []

    def _read(self, now_ms: int, readable: bool) -> list[Input]:
        """A port that woke us is alive, though its scan is not whole yet: it is not torn."""
        self.next_wakeup_ms = now_ms + READ_EVERY_MS
        found = [_input(reading) for reading in self._scanner.read()]
        if found or readable:
            self._quiet_since_ms = now_ms
        elif now_ms - self._quiet_since_ms >= QUIET_MS:
            self.close()
            return self._open(now_ms)
        return found

    def _lose(self, reason: str, now_ms: int) -> list[Input]:
        """Said once; then it is tried quietly."""
        self.close()
        self.next_wakeup_ms = now_ms + TRY_AGAIN_MS
        was_missed, self._was_missed = self._was_missed, True
        return [] if was_missed else [ScannerPresence(is_there=False, reason=reason)]


def _input(reading: Reading) -> Input:
    if isinstance(reading, ScannerFault):
        return ScanFailed(reading.code, reading.text)
    return ScanRead(reading.text, reading.symbology)
