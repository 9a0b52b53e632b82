"""When to try again. Pure: full jitter, so that a hundred devices do not return at one moment."""

from __future__ import annotations

import random
from typing import Final

FIRST_MS: Final = 500
LONGEST_MS: Final = 6_000
"""A broker that comes back has everybody back within this and a handshake, however long it was
gone: 200 devices are then about 67 tries a second [M]."""
LONG_GONE_FAILURES: Final = 200
LONG_GONE_MS: Final = 30_000
"""After about ten minutes a radio is left alone for longer: batteries have to last a shift."""
REFUSED_MS: Final = 30_000
"""A refusal does not heal by itself in a second."""
STABLE_MS: Final = 10_000
"""A connection that ended sooner was none: two devices with one name would take turns."""


class Backoff:
    """Pauses drawn from zero to a bound that doubles with each failure."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self.failures = chance, 0

    def reset(self) -> None:
        """It worked."""
        self.failures = 0

    def lasted(self, duration_ms: int) -> None:
        """A connection ended after so long."""
        if duration_ms >= STABLE_MS:
            self.reset()

    def pause_ms(self) -> int:
        """How long to wait after one more failure."""
        longest_ms = LONGEST_MS if self.failures < LONG_GONE_FAILURES else LONG_GONE_MS
        bound_ms = min(longest_ms, FIRST_MS * 2 ** min(self.failures, 16))
        self.failures += 1
        return self._chance.randrange(bound_ms + 1)

    def refused_pause_ms(self) -> int:
        """How long to wait after the other side said no."""
        self.failures += 1
        return REFUSED_MS // 2 + self._chance.randrange(REFUSED_MS // 2)
