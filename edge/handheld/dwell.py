"""One pull of the trigger, read twice, is one scan: but only where a scan sets a thing. Pure.

Owns the dwell time. Scans of items are never dropped: there each one counts a piece, and the count
on the screen shows it (lesson 9).
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.handheld.outcome import BadgeRead, BinRead, CommandRead, PersonInput, ToteRead

DWELL_MS: Final = 700


class Dwell(msgspec.Struct, frozen=True):
    """The last thing-setting scan."""

    last: PersonInput | None = None
    at_ms: int = 0


def dwell(before: Dwell, read: PersonInput, now_ms: int) -> tuple[Dwell, bool]:
    """The next memory, and whether this scan is only an echo of the last one.

    A trigger that is held down goes on being an echo: each read starts the time anew.
    """
    if not isinstance(read, BinRead | ToteRead | BadgeRead | CommandRead):
        return Dwell(), False
    is_echo = read == before.last and 0 <= now_ms - before.at_ms < DWELL_MS
    return Dwell(read, now_ms), is_echo
