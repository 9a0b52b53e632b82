"""Who is there and how they are: births and telemetry of devices, the hub's own state."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocols.limits import NAME_CHARS_MAX
from protocols.messages.fields import Id, Moment, Name, Text
from protocols.messages.roots import DayRoots


class HeldAssignment(msgspec.Struct, frozen=True):
    id: Id
    rev: int


class Birth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Retained presence of a device; the Will is the same with `presence` OFFLINE."""

    v: int
    dev: Name
    session: Name
    """Random for each connection; a Will of an older session is ignored."""
    presence: Literal["ONLINE", "OFFLINE", "LEFT"]
    kind: Name = "handheld"
    version: Text = ""
    boot: int = 0
    epoch: Name = "-"
    seq: int = 0
    """The last sequence number given out in this epoch."""
    at: Moment = 0
    cause: Literal["POWER_ON", "RESTART", "CRASH", "RECONNECT", "ASKED"] = "RESTART"
    capabilities: tuple[str, ...] = ()
    outbox_depth: int = 0
    pruned_upto: int = 0
    """Rows up to here were acknowledged and are no longer kept: nobody can ask for them."""
    assignments: tuple[HeldAssignment, ...] = ()
    cfg_hash: str = ""
    roots: DayRoots | None = None
    """The newest that the device was given to keep."""
    certificate: Annotated[str, Meta(max_length=NAME_CHARS_MAX + 8)] = ""
    """Serial number, in hexadecimal, of the certificate that made this connection: a device that
    was renewed shows by it that the old one is not needed any more."""


class Telemetry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts about the device, each minute and at changes. (seq, at) advance the watermark."""

    v: int
    at: Moment
    epoch: Name
    seq: int
    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    radio_dbm: int | None = None
    outbox_depth: int = 0
    scans: int = 0
    scans_refused: int = 0
    reads_doubled: int = 0
    outbox_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    """How full the outbox is: from OUTBOX_WARN_PERCENT the screen warns, at 100 it refuses."""
    disk_free_mb: Annotated[int, Meta(ge=0)] | None = None
    """Room where the outbox is, in units of 1,048,576 bytes."""


class HubState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's retained presence and Will. A new `hub_epoch` means: it may ask for old rows."""

    v: int
    online: bool
    hub_epoch: str
    at: Moment = 0
