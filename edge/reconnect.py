"""When to try again. Pure: full jitter, so that a hundred devices do not return at one moment."""

from __future__ import annotations

import random
from typing import Final

FIRST_MS: Final = 500
LONGEST_MS: Final = 30_000
REFUSED_MS: Final = 30_000
"""A refusal does not heal by itself in a second."""


class Backoff:
    """Pauses drawn from zero to a bound that doubles with each failure."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._failures = chance, 0

    def reset(self) -> None:
        """It worked."""
        self._failures = 0

    def pause_ms(self) -> int:
        """How long to wait after one more failure."""
        bound_ms = min(LONGEST_MS, FIRST_MS * 2 ** min(self._failures, 16))
        self._failures += 1
        return self._chance.randrange(bound_ms + 1)

    def refused_pause_ms(self) -> int:
        """How long to wait after the other side said no."""
        self._failures += 1
        return REFUSED_MS // 2 + self._chance.randrange(REFUSED_MS // 2)
