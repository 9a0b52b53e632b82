"""When a campaign ends: its work is done, its minutes are over, or somebody pressed Ctrl-C.

Owns that one question. Work in hand is finished and counted; nothing is cut off in the middle.
"""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

from hub.clock import Clock, SystemClock


class Pace:
    """Asked between two trials whether there may be another; listens to Ctrl-C while in `with`."""

    def __init__(self, minutes: float | None = None, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._began_ms = self._clock.mono_ms()
        self._until_ms = None if minutes is None else self._began_ms + round(minutes * 60_000)
        self._is_stopped = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more should be begun."""
        if self._until_ms is not None and self._clock.mono_ms() >= self._until_ms:
            return True
        return self._is_stopped

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return (self._clock.mono_ms() - self._began_ms) / 1_000

    def __enter__(self) -> Pace:
        self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        signal.signal(signal.SIGINT, self._before)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopped = True
