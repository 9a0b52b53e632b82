"""Reads about devices: how they are, what they sent, what was refused or set aside."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import fn

from hub.devices.models import Device, DeviceEpoch, DeviceEvent, ParkedEvent, RefusedMessage
from hub.errors import NotFound


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


def watermark(site: str) -> int | None:
    """Everything that happened at the site before this moment has arrived; None: no devices."""
    query: Any = Device.select(fn.MIN(Device.watermark_at)).where(
        Device.site == site, Device.state == "ENROLLED", Device.epoch != ""
    )
    found = query.scalar()
    return None if found is None else int(found)
