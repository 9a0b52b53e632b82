"""One group of messages on its way into one transaction. Owns what must wait for the commit.

What a group learns (how far epochs came, how devices are, what must be published) is kept here and
enters caches and network only when the transaction is durable; a group that fails leaves no trace.
"""

from __future__ import annotations

from typing import Any

from hub.db import WriteTransaction
from hub.device_gateway.gateway_io import Publish

EpochKey = tuple[str, str]
"""(device, epoch)"""


class EpochWork:
    """What this group does to one epoch of one device."""

    __slots__ = ("beyond_first", "beyond_last", "came_from", "digests", "repeats", "upto")

    def __init__(self, upto: int) -> None:
        self.came_from = self.upto = upto
        self.beyond_first = self.beyond_last = 0
        """The lowest and highest seq that came too early; 0 when none did."""
        self.digests: dict[int, bytes] = {}
        """Of the events applied in this group, whose rows cannot be read yet."""
        self.repeats: dict[int, bytes] = {}
        """Of the repeats heard in this group, which may have another body."""


class Group:
    """The state of one transaction of the gateway."""

    __slots__ = (
        "devices",
        "epochs",
        "is_hopeful",
        "parked",
        "pruned",
        "publishes",
        "refused",
        "tx",
        "woken",
    )

    def __init__(self, tx: WriteTransaction, *, is_hopeful: bool = False) -> None:
        self.tx = tx
        self.is_hopeful = is_hopeful
        """Whether events go without savepoints, since none is expected to fail."""
        self.epochs: dict[EpochKey, EpochWork] = {}
        """Epochs whose devices get an acknowledgement, in the order of arrival."""
        self.devices: dict[str, dict[str, Any]] = {}
        """Columns of device rows to write at the end, by device."""
        self.parked: set[EpochKey] = set()
        self.pruned: dict[EpochKey, int] = {}
        """Epochs whose devices no longer keep rows up to there."""
        self.publishes: list[Publish] = []
        self.woken: list[str] = []
        """Devices that came on line: what they have not answered is sent again."""
        self.refused: dict[tuple[str, str], list[Any]] = {}

    def changes(self, device: str) -> dict[str, Any]:
        """The columns to write of one device."""
        found = self.devices.get(device)
        if found is None:
            found = self.devices[device] = {}
        return found
