"""Who pretended to be the hub, and was reported. Owns the memory of it, and how much is reported.

A rogue can announce a new address each second; it must be able to fill neither the outbox nor the
supervisor's page. What was reported is kept with the outbox, so that a restart reports no more.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.link.io_values import StrangerMet
from edge.storage.contract import Outbox
from protocols.limits import UNTRUSTED_HUBS_PER_DAY
from protocols.messages.events import UntrustedHubMet

NOTE: Final = "strangers"
"""Under this name the outbox keeps them."""
REMEMBERED_MAX: Final = 10 * UNTRUSTED_HUBS_PER_DAY
DAY_US: Final = 24 * 3_600 * 1_000_000


class _Remembered(msgspec.Struct, frozen=True):
    """The newest last; each as address and fingerprint."""

    known: tuple[tuple[str, str], ...] = ()
    day: int = 0
    """Days since 1970, UTC, of the last report."""
    on_day: int = 0
    """Reports on that day."""


class Strangers:
    """What this device has reported."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        noted = outbox.noted(NOTE)
        self._past = msgspec.json.decode(noted, type=_Remembered) if noted else _Remembered()

    def is_news(self, met: StrangerMet, at_us: int) -> bool:
        """Whether to report it: never twice, and no more than UNTRUSTED_HUBS_PER_DAY in a day."""
        past = self._past
        is_full = past.day == at_us // DAY_US and past.on_day >= UNTRUSTED_HUBS_PER_DAY
        return not is_full and (met.address, met.fingerprint) not in past.known

    def remember(self, met: StrangerMet, at_us: int) -> None:
        """It was reported. Durable."""
        past, day = self._past, at_us // DAY_US
        known = (*past.known, (met.address, met.fingerprint))[-REMEMBERED_MAX:]
        on_day = past.on_day + 1 if past.day == day else 1
        self._past = _Remembered(known, day, on_day)
        self._outbox.note(NOTE, msgspec.json.encode(self._past).decode())


def report(met: StrangerMet) -> UntrustedHubMet:
    """The event about it."""
    return UntrustedHubMet(met.address, met.fingerprint, met.is_announced)
