"""A scanner without metal: its scans come from a script, a test or the simulated people.

One more driver behind the contract, chosen in configuration like the others. `scan` may be called
from another thread than `read`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from edge.scanners.contract import (
    Reading,
    ScannerMissing,
    ScannerNotOpen,
    ScannerUnplugged,
    checked_options,
)
from protocols.barcodes.scans import RawScan


class ScriptedOptions(msgspec.Struct, frozen=True):
    """`scans` are waiting as soon as the scanner is opened."""

    scans: tuple[str, ...] = ()
    label: str = "scripted"


class ScriptedScanner:
    """A queue with a descriptor. Implements the contract in `contract`."""

    def __init__(self, options: ScriptedOptions | None = None) -> None:
        self._options = options or ScriptedOptions()
        self._waiting: deque[Reading] = deque(RawScan(text) for text in self._options.scans)
        self._is_plugged = True
        self._event_fd: int | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        return cls(checked_options(ScriptedOptions, options))

    @property
    def label(self) -> str:
        return self._options.label

    def scan(self, *texts: str) -> None:
        """Pull the trigger, once for each text."""
        self.feed(*(RawScan(text) for text in texts))

    def feed(self, *readings: Reading) -> None:
        """Like `scan`, for faults too."""
        self._waiting.extend(readings)
        self._wake()

    def unplug(self) -> None:
        """Pull the cable; what was scanned before still arrives."""
        self._is_plugged = False
        self._wake()

    def plug(self) -> None:
        self._is_plugged = True

    def open(self) -> None:
        self.close()
        if not self._is_plugged:
            raise ScannerMissing(self.label)
        self._event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        if self._waiting:
            self._wake()

    def fileno(self) -> int:
        if self._event_fd is None:
            raise ScannerNotOpen(self.label)
        return self._event_fd

    def read(self) -> list[Reading]:
        self._sleep(self.fileno())
        readings: list[Reading] = []
        while self._waiting:
            readings.append(self._waiting.popleft())
        if not self._is_plugged:
            self._wake()
            if not readings:
                raise ScannerUnplugged(self.label)
        return readings

    def close(self) -> None:
        event_fd, self._event_fd = self._event_fd, None
        if event_fd is not None:
            os.close(event_fd)

    def _wake(self) -> None:
        if self._event_fd is not None:
            os.eventfd_write(self._event_fd, 1)

    @staticmethod
    def _sleep(event_fd: int) -> None:
        try:
            os.eventfd_read(event_fd)
        except BlockingIOError:
            return
