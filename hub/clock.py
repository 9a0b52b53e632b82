"""The hub's clock. Alone here the system's time is read; everybody else gets a Clock passed in."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Moments are integer microseconds UTC; monotonic milliseconds never jump."""

    def now_us(self) -> int: ...

    def mono_ms(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1_000

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class FixedClock:
    """A clock that stands still until somebody advances it: tests and virtual time."""

    def __init__(self, at_us: int = 1_700_000_000_000_000) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        return self.at_us

    def mono_ms(self) -> int:
        return self.at_us // 1_000

    def advance(self, *, us: int = 0, ms: int = 0, s: int = 0) -> None:
        self.at_us += us + ms * 1_000 + s * 1_000_000
