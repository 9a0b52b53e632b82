"""The ends of the hub's ledgers, which devices keep as witnesses."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocols.messages.fields import Day, Name


class LedgerRoot(msgspec.Struct, frozen=True):
    """The end of one of the hub's ledgers: its last row's position, and that row's hash."""

    ledger: Name
    position: Annotated[int, Meta(ge=0)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class DayRoots(msgspec.Struct, frozen=True):
    """The ends of all ledgers of a site as they were when a day began there."""

    day: Day
    roots: tuple[LedgerRoot, ...]
