"""What time it is, on a device whose clock may be wrong. Owns reading the system's clocks.

`Now` travels into every step of the agents' cores; only `SystemClock` touches the real clocks.
`TimeKeeper` turns them into corrected time by the four-timestamp exchange with the hub.
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple, Protocol

from protocols.envelope import TimeQuality
from protocols.messages.asking import TimeReply

TRUSTED_FOR_MS: Final = 3_600_000
"""A cheap quartz drifts about 20 ppm: 72 ms in an hour, far below what an order of acts needs."""
HUB_CLOCK_SET_US: Final = 60_000_000
"""A hub that is off by more than before and than the way explains had its own clock set."""
ROUND_TRIP_FORGETTING_MS: Final = 600_000
"""After this a worse exchange replaces a better but older one."""


class Now(NamedTuple):
    """One moment, by both clocks."""

    utc_us: int
    """The system's idea of UTC, in microseconds; a Pi without a battery boots in the past."""
    mono_ms: int
    """CLOCK_BOOTTIME in milliseconds: never set, goes on during sleep, starts at boot."""


class Clock(Protocol):
    """What tells the time: the system, or a simulation's virtual clock."""

    def now(self) -> Now:
        """The present moment."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Now:
        boottime_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return Now(time.time_ns() // 1_000, boottime_ns // 1_000_000)


class TimeKeeper:
    """Corrected time: the hub's clock, carried forward on the device's monotonic one."""

    def __init__(self) -> None:
        self._utc_minus_mono_us: int | None = None
        self._guess_us: int | None = None
        self._round_trip_us = 0
        self._heard_at_ms = 0

    def begin(self, now: Now, not_before_us: int = 0) -> None:
        """Guess the time until the hub is asked: the system's clock is looked at once, so that
        setting it later changes nothing.

        `not_before_us` is a moment known to be past, such as the last event's: a Pi without a
        battery boots before it.
        """
        self._guess_us = max(now.utc_us, not_before_us) - now.mono_ms * 1_000

    def hear(self, reply: TimeReply, now: Now) -> None:
        """Take one exchange in: the shortest round trip wins until it is old, or until the hub's
        own clock was set, which no round trip explains.
        """
        arrived_us = now.mono_ms * 1_000
        round_trip_us = (arrived_us - reply.t1) - (reply.t3 - reply.t2)
        if round_trip_us < 0:
            return  # an answer to a question of before a reboot
        offset_us = ((reply.t2 - reply.t1) + (reply.t3 - arrived_us)) // 2
        if self._is_better(offset_us, round_trip_us, now):
            self._utc_minus_mono_us = offset_us
            self._round_trip_us = round_trip_us
            self._heard_at_ms = now.mono_ms

    def _is_better(self, offset_us: int, round_trip_us: int, now: Now) -> bool:
        if self._utc_minus_mono_us is None or round_trip_us <= self._round_trip_us:
            return True
        is_stale = now.mono_ms - self._heard_at_ms > ROUND_TRIP_FORGETTING_MS
        moved_us = abs(offset_us - self._utc_minus_mono_us)
        return is_stale or moved_us > round_trip_us + HUB_CLOCK_SET_US

    def at_us(self, now: Now) -> int:
        """Corrected UTC in microseconds; what was guessed while nothing better is known."""
        offset_us = self._utc_minus_mono_us
        if offset_us is None:
            offset_us = self._guess_us
        if offset_us is None:
            return max(0, now.utc_us)
        return max(0, now.mono_ms * 1_000 + offset_us)

    def quality(self, now: Now) -> TimeQuality:
        """How far `at_us` can be trusted."""
        if self._utc_minus_mono_us is None:
            return "unknown"
        return "synced" if now.mono_ms - self._heard_at_ms <= TRUSTED_FOR_MS else "estimated"
