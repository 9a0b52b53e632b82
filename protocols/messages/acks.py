"""What the hub has committed of a device's events: cumulative, for each epoch."""

from __future__ import annotations

import msgspec


class Gap(msgspec.Struct, frozen=True, rename={"from_seq": "from", "to_seq": "to"}):
    from_seq: int
    to_seq: int


class Parked(msgspec.Struct, frozen=True):
    seq: int
    code: str


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything of `epoch` up to `upto` is committed at the hub."""

    v: int
    epoch: str
    upto: int
    hub_epoch: str = ""
    gap: Gap | None = None
    parked: tuple[Parked, ...] = ()
    of: tuple[str, ...] = ()
    """Digests (`envelope.payload_digest`) of the event at `upto`, as the hub has it: two when two
    devices with one copied card gave out the same key. A device to whose row none of them belongs
    is not meant.
    """
