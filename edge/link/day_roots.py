"""What a device keeps for the hub: where its ledgers ended when each day began.

Owns one noted fact of the outbox. Who sets the hub back to an older copy of its database, or cuts
the end off a ledger, cannot do that on every handheld as well: the newest roots go into each birth,
and all of them can be read from the file (`binlight edge --roots`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from edge.errors import OutboxUnusable
from edge.storage.contract import Outbox
from edge.storage.outbox_file import opened_to_read
from protocols.limits import ROOT_DAYS_KEPT
from protocols.messages.roots import DayRoots

NOTE: Final = "day_roots"
_decoder: Final = msgspec.json.Decoder(tuple[DayRoots, ...])


def kept(outbox: Outbox) -> tuple[DayRoots, ...]:
    """Every day's roots, oldest first. Raises OutboxUnusable."""
    return _read(outbox.noted(NOTE))


def keep(outbox: Outbox, roots: DayRoots) -> tuple[DayRoots, ...]:
    """Keep one more day, durably; returns what is kept then. May be repeated."""
    known = kept(outbox)
    if known and known[-1] == roots:
        return known
    known = (*known, roots)[-ROOT_DAYS_KEPT:]
    outbox.note(NOTE, msgspec.json.encode(known).decode())
    return known


def read_roots(path: str | Path) -> tuple[DayRoots, ...]:
    """What a device's file keeps, for an auditor; the agent may be running.

    Raises OutboxUnusable.
    """
    with opened_to_read(path) as db:
        row = db.execute("SELECT value FROM meta WHERE name = ?", (NOTE,)).fetchone()
    return _read(row[0] if row else None)


def _read(text: str | None) -> tuple[DayRoots, ...]:
    if text is None:
        return ()
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError as wrong:
        raise OutboxUnusable(NOTE, str(wrong)) from wrong
