"""When rows that the hub has had for long are deleted. Owns the pace; the outbox owns the rows.

A little at a time, so that no scan waits for it.
"""

from __future__ import annotations

from typing import Final

from edge.storage.contract import Outbox
from protocols.limits import OUTBOX_KEEP_DAYS

EVERY_MS: Final = 3_600_000
MORE_AFTER_MS: Final = 1_000
"""After a turn that found something: there may be more."""
KEEP_US: Final = OUTBOX_KEEP_DAYS * 24 * 3_600 * 1_000_000


class Pruning:
    """The house-keeping of one outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.next_wakeup_ms = 0
        """When `tick` has something to do."""

    def begin(self, mono_ms: int) -> None:
        """The device has just started and has other things to do."""
        self.next_wakeup_ms = mono_ms + EVERY_MS

    def tick(self, mono_ms: int, at_us: int) -> None:
        """Delete some of what is older than OUTBOX_KEEP_DAYS at `at_us`, if it is time to."""
        if mono_ms < self.next_wakeup_ms:
            return
        pruned = self._outbox.prune(at_us - KEEP_US)
        self.next_wakeup_ms = mono_ms + (MORE_AFTER_MS if pruned else EVERY_MS)
