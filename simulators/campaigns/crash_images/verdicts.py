"""What may be said of an image, and what everybody who judges images offers."""

from __future__ import annotations

from collections import Counter
from typing import Final, Protocol

from simulators.campaigns.crash_images.images import Image

TRUE: Final = "true"
LOST: Final = "lost"
"""Something promised is not there."""
CORRUPT: Final = "corrupt"
"""It cannot be read or used: broken, empty, torn."""
HALF: Final = "half"
"""It can be read, and is as it never was after any act."""
VERDICTS: Final = (TRUE, LOST, CORRUPT, HALF)


class Check(Protocol):
    """Judges the images of one recording, in any order."""

    complaints: Counter[str]
    """What stood behind other verdicts than TRUE."""

    @property
    def distinct(self) -> int:
        """How many different contents were found so far."""
        ...

    def judge(self, image: Image) -> str:
        """One of VERDICTS."""
        ...
