"""How many messages go into one transaction. Owns that number, learnt from how long groups took.

While a group is applied nobody else can write, so a large one makes pages and planner wait; a small
one pays for a commit of its own. Measured is the work under the lock, not the commit: a slow disk
takes its time for small groups, too.
"""

from __future__ import annotations

from typing import Final

from protocols.limits import GATEWAY_RECEIVE_MAX

LOCK_MS: Final = 40
"""What a group may take before its commit; with it, a writer is to be done within 50 ms."""
FIRST_LIMIT: Final = 2_000
LIMIT_MIN: Final = 1_000
"""Smaller groups cost a third more for each event, and a busy machine would only get busier [M]."""
LIMIT_MAX: Final = GATEWAY_RECEIVE_MAX


class GroupSize:
    """Grows by a quarter after each full group that was quick, shrinks at once after a slow one."""

    def __init__(self) -> None:
        self.limit = FIRST_LIMIT

    def took(self, messages: int, ms: int) -> None:
        """Learn from a group that was applied."""
        if ms > LOCK_MS:
            self.limit = max(LIMIT_MIN, min(self.limit, messages * LOCK_MS // ms))
        elif messages >= self.limit and ms < LOCK_MS * 4 // 5:
            self.limit = min(LIMIT_MAX, self.limit * 5 // 4)
