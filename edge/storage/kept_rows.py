"""What an auditor reads in a device's outbox file. Reads only, and the agent may be running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from edge.storage.outbox_file import opened_to_read

READ_ROWS: Final = """
SELECT epoch, seq, at_us, payload, seq <= acked_upto FROM events
JOIN epochs USING (epoch_no) ORDER BY epoch_no, seq
"""


class KeptRow(NamedTuple):
    """One event as an auditor reads it from the file."""

    epoch: str
    seq: int
    at_us: int
    payload: bytes
    is_acknowledged: bool


def read_outbox(path: str | Path) -> Iterator[KeptRow]:
    """Every event that a device's file holds, for an auditor; the agent may be running.

    Raises OutboxUnusable.
    """
    with opened_to_read(path) as db:
        for epoch, seq, at_us, payload, acked in db.execute(READ_ROWS):
            yield KeptRow(epoch, seq, at_us, payload, bool(acked))
