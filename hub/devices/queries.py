"""Reads about devices: how they are, what they sent, what was refused or set aside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from peewee import JOIN, fn

from hub.devices.models import Device, DeviceEpoch, DeviceEvent, ParkedEvent, RefusedMessage
from hub.errors import NotFound


class Mark(NamedTuple):
    """Everything that happened at a device before `at` has arrived."""

    device: str
    presence: str
    at: int
    seen_at: int
    has_left: bool
    """It left in good order, with nothing to send and no work: it can be waited for no longer."""


class EpochFacts(NamedTuple):
    """How far one epoch of a device has come."""

    epoch: str
    upto: int
    pruned_upto: int
    changed_at: int


def devices(site: str) -> list[Device]:
    """All devices of a site by name, retired ones last."""
    rank = fn.COALESCE(fn.NULLIF(Device.state, "ENROLLED"), "")
    return list(Device.select().where(Device.site == site).order_by(rank, Device.name))


def device(site: str, name: str) -> Device:
    """One device; raises NotFound."""
    found: Device | None = Device.get_or_none(Device.site == site, Device.name == name)
    if found is None:
        raise NotFound("device", name)
    return found


def identities(site: str) -> list[tuple[str, str, str]]:
    """(name, kind, password hash) of everybody who may connect to the site's broker."""
    query: Any = (
        Device.select(Device.name, Device.kind, Device.secret_hash)
        .where(Device.site == site, Device.secret_hash != "")
        .order_by(Device.name)
    )
    return [tuple(row) for row in query.tuples()]


def epochs(site: str, name: str) -> list[EpochFacts]:
    query: Any = (
        DeviceEpoch.select(
            DeviceEpoch.epoch, DeviceEpoch.upto, DeviceEpoch.pruned_upto, DeviceEpoch.changed_at
        )
        .where(DeviceEpoch.site == site, DeviceEpoch.device == name)
        .order_by(DeviceEpoch.changed_at.desc())
    )
    return [EpochFacts(*row) for row in query.tuples()]


def events(site: str, name: str, limit: int = 50) -> list[DeviceEvent]:
    """A device's latest events."""
    query = DeviceEvent.select().where(DeviceEvent.site == site, DeviceEvent.device == name)
    return list(query.order_by(DeviceEvent.recorded_at.desc(), DeviceEvent.seq.desc()).limit(limit))


def parked(site: str, state: str = "PARKED", limit: int = 200) -> list[ParkedEvent]:
    """Events that wait for a supervisor, oldest first."""
    query = ParkedEvent.select().where(ParkedEvent.site == site, ParkedEvent.state == state)
    return list(query.order_by(ParkedEvent.at).limit(limit))


def refused(site: str, limit: int = 200) -> list[RefusedMessage]:
    """Messages that were no messages, latest first."""
    query = RefusedMessage.select().where(RefusedMessage.site == site)
    return list(query.order_by(RefusedMessage.last_at.desc()).limit(limit))


def marks(site: str) -> list[Mark]:
    """How far each device that was ever heard has come; retired ones do not count."""
    reached = fn.COALESCE(DeviceEpoch.upto, 0) >= Device.report_seq
    joined = (
        (DeviceEpoch.site == Device.site)
        & (DeviceEpoch.device == Device.name)
        & (DeviceEpoch.epoch == Device.report_epoch)
    )
    query: Any = (
        Device.select(
            Device.name, Device.presence, Device.watermark_at, Device.report_at, reached,
            Device.clear_epoch == Device.epoch, Device.held, Device.seen_at,
        )
        .join(DeviceEpoch, JOIN.LEFT_OUTER, on=joined)
        .where(Device.site == site, Device.state == "ENROLLED", Device.epoch != "")
        .order_by(Device.name)
    )  # fmt: skip
    return [_mark(*row) for row in query.tuples()]


def _mark(
    name: str, presence: str, watermark_at: int, report_at: int, is_reached: Any, is_clear: Any,
    held: int, seen_at: int,
) -> Mark:  # fmt: skip
    at = max(watermark_at, report_at) if is_reached else watermark_at
    has_left = presence == "LEFT" and not held and bool(is_reached) and bool(is_clear)
    return Mark(name, presence, int(at), int(seen_at), has_left)


def behind(marks: Iterable[Mark], at: int, silent_since: int = 0) -> list[Mark]:
    """The devices from which something of up to `at` may still come.

    Whoever left in good order, holding no work and with everything sent, has nothing to say; nor
    is anybody waited for who was last heard before `silent_since`.
    """
    return [m for m in marks if not m.has_left and m.at <= at and m.seen_at >= silent_since]


def watermark(site: str) -> int | None:
    """Everything that happened at the site before this moment has arrived; None: no devices."""
    return min((mark.at for mark in marks(site) if not mark.has_left), default=None)
