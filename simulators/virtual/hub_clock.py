"""The hub's own clock in a virtual world: the world's time, wrong by as much as somebody set it.

Devices keep the world's clock. Owns the two ways in which a clock goes wrong: the wall clock is
set, and the one that never jumps jumps after all, as when a virtual machine is moved.
"""

from __future__ import annotations

from hub.clock import Clock


class HubClock:
    """Right until somebody sets it."""

    def __init__(self, world: Clock) -> None:
        self._world = world
        self._wrong_us = self._ahead_ms = 0
        self.jumps = 0
        """How often it was set."""

    def now_us(self) -> int:
        return self._world.now_us() + self._wrong_us

    def mono_ms(self) -> int:
        return self._world.mono_ms() + self._ahead_ms

    def be_wrong_by(self, wrong_us: int) -> None:
        """Set the wall clock so far off the world's time; 0 sets it right."""
        self.jumps += wrong_us != self._wrong_us
        self._wrong_us = wrong_us

    def skip(self, ms: int) -> None:
        """Both clocks leap ahead together: the machine itself stood still."""
        self._ahead_ms += ms
        self._wrong_us += ms * 1_000
