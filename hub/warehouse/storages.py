"""A device's storage that is not the one of before: lost, copied, or put back from a drawer.

Owns how that is noticed at a birth, and the exceptions that follow; the work is `reconciling`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from hub.floor_exceptions import open_exception
from hub.journal import Act
from protocols.messages.presence import Birth


class Memory(NamedTuple):
    """What the hub knew of a device's storage before a birth."""

    met_epoch: str | None
    """None for a device that is not enrolled."""
    epoch: str
    report_epoch: str
    report_seq: int


def look(act: Act, birth: Birth) -> Memory:
    """What no journal row tells, so the act sees it (`Act.see`)."""

    def read() -> Memory:
        row = act.tx.row(
            "SELECT met_epoch, epoch, report_epoch, report_seq FROM device "
            "WHERE site = ? AND name = ?",
            (act.site, birth.dev),
        )
        return Memory(None, "", "", 0) if row is None else Memory(*row)

    return act.see(Memory, read)


def note_lost(act: Act, birth: Birth, memory: Memory) -> bool:
    """Events of a lost storage that the device had told of: a person must know which. Others, that
    nobody ever heard of, show at packing.
    """
    if not memory.met_epoch or memory.report_epoch != memory.met_epoch:
        return False
    upto = act.see(int, lambda: _upto(act, birth.dev, str(memory.met_epoch)) or 0)
    if memory.report_seq <= upto:
        return False
    open_exception(
        act, "LOST_RANGE", epoch=memory.met_epoch, first=upto + 1, last=memory.report_seq
    )
    return True


def _upto(act: Act, device: str, epoch: str) -> int | None:
    """What the hub has of an epoch; None when it never heard of it."""
    row = act.tx.row(
        "SELECT upto FROM device_epoch WHERE site = ? AND device = ? AND epoch = ?",
        (act.site, device, epoch),
    )
    return None if row is None else int(row[0])


def note_twice(act: Act, birth: Birth, memory: Memory) -> bool:
    """An epoch that the device had left speaks again: two devices go by one name, or an old memory
    card was put in. One open exception for each device.
    """
    if memory.epoch in ("", birth.epoch):
        return False
    is_known = act.see(bool, lambda: _upto(act, birth.dev, birth.epoch) is not None)
    known = act.tx.row(
        "SELECT 1 FROM floor_exception WHERE site = ? AND kind = 'DEVICE_TWICE' AND device = ? "
        "AND state = 'OPEN'",
        (act.site, birth.dev),
    )
    if not is_known or known is not None:
        return False
    open_exception(act, "DEVICE_TWICE", epoch=birth.epoch, before=memory.epoch)
    return True
