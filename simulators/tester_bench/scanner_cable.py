"""A serial scanner and its cable: a pty behind a name, as USB serial devices have one in by-id.

Owns plugging, unplugging and sending. The driver at the other end is the real one.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Final

END: Final = b"\r\n"


class ScannerCable:
    """Unplugged at first. Methods may be called from any thread."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._ends: tuple[int, int] | None = None
        self._lock = threading.Lock()
        with contextlib.suppress(FileNotFoundError):
            port.unlink()  # left by a bench that was killed

    @property
    def is_plugged(self) -> bool:
        return self._ends is not None

    def plug(self) -> None:
        """Plug it in; safe to repeat."""
        with self._lock:
            if self._ends is None:
                far, near = os.openpty()
                tty.setraw(near)
                os.set_blocking(far, False)
                self._ends = (far, near)
                self.port.symlink_to(os.ttyname(near))

    def unplug(self) -> None:
        """Pull it; what was not read yet is lost. Safe to repeat."""
        with self._lock:
            ends, self._ends = self._ends, None
            if ends is not None:
                self.port.unlink()
                for end in ends:
                    os.close(end)

    def pull(self, codes: Sequence[str], per_second: float = 0.0) -> int:
        """Pull the trigger once for each code; returns how many left while it was plugged.

        `per_second` 0 sends all at once. A cable pulled out meanwhile ends it.
        """
        pause_s = 1 / per_second if per_second else 0.0
        for n, code in enumerate(codes):
            if n and pause_s:
                time.sleep(pause_s)
            if not self._send(code.encode() + END):
                return n
        return len(codes)

    def _send(self, sent: bytes) -> bool:
        """False when there is no cable, or nobody has read for long."""
        with self._lock:
            if self._ends is None:
                return False
            try:
                return os.write(self._ends[0], sent) == len(sent)
            except BlockingIOError:
                return False
