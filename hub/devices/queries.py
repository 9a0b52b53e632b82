"""Reads about devices: how they are, what they sent, what was refused or set aside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import peewee
from peewee import JOIN, fn

from hub.db import WriteTransaction, fetch
from hub.devices.kinds import ACTIVE, ENROLLED, RETIRED, REVOKED
from hub.devices.models import (
    Device,
    DeviceCertificate,
    DeviceEpoch,
    DeviceEvent,
    EnrolmentCode,
    ParkedEvent,
    RefusedMessage,
)
from hub.devices.rules import CodeFacts, Held, is_renewal_due, unsent
from hub.errors import NotFound

Rows = list[tuple[Any, ...]]


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


class OutboxFacts(NamedTuple):
    """What is known of the events on a device."""

    unsent: int
    last: int
    """The last number of its epoch."""


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
    """(name, kind, password hash) of everybody who may connect to the site's broker; the hash is
    empty for those who come by certificate.
    """
    is_certified = fn.EXISTS(
        DeviceCertificate.select(1).where(
            DeviceCertificate.site == Device.site, DeviceCertificate.device == Device.name,
            DeviceCertificate.state == ACTIVE,
        )
    )  # fmt: skip
    query: Any = (
        Device.select(Device.name, Device.kind, Device.secret_hash)
        .where(Device.site == site, Device.state == ENROLLED)
        .where((Device.secret_hash != "") | is_certified)
        .order_by(Device.name)
    )
    return [tuple(row) for row in query.tuples()]


_DEVICES: Final = "SELECT name, kind, state, secret_hash FROM device WHERE site = ? ORDER BY name"
_CERTIFICATES: Final = "SELECT serial, state FROM device_certificate WHERE site = ? ORDER BY serial"


def who_may_connect(database: peewee.Database, site: str) -> tuple[Rows, Rows]:
    """All that decides about who may connect, to be compared with what it was: two short reads."""
    return fetch(database, _DEVICES, (site,)), fetch(database, _CERTIFICATES, (site,))


def barred(site: str) -> list[str]:
    """Names in which nobody may speak or hear any more. Those that are awaited have nothing yet."""
    query: Any = Device.select(Device.name).where(
        Device.site == site, Device.state.in_((REVOKED, RETIRED))
    )
    return [name for (name,) in query.order_by(Device.name).tuples()]


def outboxes(site: str) -> dict[str, OutboxFacts]:
    """What each device has to send, by what it told last and what arrived since."""
    joined = (
        (DeviceEpoch.site == Device.site)
        & (DeviceEpoch.device == Device.name)
        & (DeviceEpoch.epoch == Device.epoch)
    )
    query: Any = (
        Device.select(
            Device.name, Device.outbox_depth, Device.seq, fn.COALESCE(DeviceEpoch.upto, 0),
            Device.epoch, Device.clear_epoch,
        )
        .join(DeviceEpoch, JOIN.LEFT_OUTER, on=joined)
        .where(Device.site == site)
        .tuples()
    )  # fmt: skip
    return {
        name: OutboxFacts(
            unsent(told, seq, upto, is_clear=clear_epoch == epoch != ""), max(seq, upto)
        )
        for name, told, seq, upto, epoch, clear_epoch in query
    }


# --- certificates ---------------------------------------------------------------------------------


def revoked_serials(site: str) -> list[str]:
    """Every certificate that is good no more."""
    query: Any = DeviceCertificate.select(DeviceCertificate.serial).where(
        DeviceCertificate.site == site, DeviceCertificate.state != ACTIVE
    )
    return [serial for (serial,) in query.order_by(DeviceCertificate.serial).tuples()]


def to_cut(site: str) -> dict[str, list[str]]:
    """Serials on which somebody may still be connected, by device. Whoever came with a newer one
    has taken the older connection's place already.
    """
    query: Any = DeviceCertificate.select(DeviceCertificate.device, DeviceCertificate.serial).where(
        DeviceCertificate.site == site, DeviceCertificate.state != ACTIVE,
        DeviceCertificate.reason.not_in(("RENEWED", "UNUSED")), DeviceCertificate.cut_at.is_null(),
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for device, serial in query.order_by(DeviceCertificate.serial).tuples():
        found.setdefault(device, []).append(serial)
    return found


def good_certificate(
    tx: WriteTransaction, site: str, name: str, key_fingerprint: str
) -> str | None:
    """The certificate that a device was given for this key, in PEM, while it is good."""
    row = tx.row(
        "SELECT pem FROM device_certificate WHERE site = ? AND device = ? "
        "AND key_fingerprint = ? AND state = 'ACTIVE'",
        (site, name, key_fingerprint),
    )
    return None if row is None else str(row[0])


def held_certificates(tx: WriteTransaction, site: str, name: str) -> list[Held]:
    """What a device may connect with, as `rules` judges it."""
    rows = tx.rows(
        "SELECT issued_at, expires_at, asked_at FROM device_certificate "
        "WHERE site = ? AND device = ? AND state = 'ACTIVE'",
        (site, name),
    )
    return [Held(int(issued), int(ends), asked is not None) for issued, ends, asked in rows]


def certificates(site: str, name: str) -> list[DeviceCertificate]:
    """A device's certificates, newest first."""
    query = DeviceCertificate.select().where(
        DeviceCertificate.site == site, DeviceCertificate.device == name
    )
    return list(query.order_by(DeviceCertificate.issued_at.desc(), DeviceCertificate.serial))


def active_certificates(site: str) -> list[DeviceCertificate]:
    """The newest good certificate of each enrolled device, the first to end first."""
    query = (
        DeviceCertificate.select()
        .join(
            Device,
            on=(Device.site == DeviceCertificate.site) & (Device.name == DeviceCertificate.device),
        )
        .where(
            DeviceCertificate.site == site, DeviceCertificate.state == ACTIVE,
            Device.state == ENROLLED,
        )
        .order_by(DeviceCertificate.issued_at)
    )  # fmt: skip
    newest = {row.device: row for row in query}
    return sorted(newest.values(), key=lambda row: (row.expires_at, row.device))


def ending(site: str, before: int) -> list[DeviceCertificate]:
    """Devices whose newest certificate ends before a moment."""
    return [row for row in active_certificates(site) if row.expires_at < before]


def due_for_renewal(site: str, now_us: int, asked_before: int) -> list[str]:
    """Devices in the second half of their certificate's life that were not asked since."""
    return [
        row.device
        for row in active_certificates(site)
        if is_renewal_due(row.issued_at, row.expires_at, now_us)
        and (row.asked_at or 0) < asked_before
    ]


def code(site: str, name: str) -> EnrolmentCode | None:
    """The code by which a device may enrol, or did."""
    found: EnrolmentCode | None = EnrolmentCode.get_or_none(
        EnrolmentCode.site == site, EnrolmentCode.device == name
    )
    return found


def code_facts(site: str, name: str) -> CodeFacts | None:
    """A code as `rules` judges it."""
    found = code(site, name)
    if found is None:
        return None
    used: Any = DeviceCertificate.select(DeviceCertificate.key_fingerprint).where(
        DeviceCertificate.site == site, DeviceCertificate.serial == found.serial
    )
    return CodeFacts(found.digest, found.state, found.expires_at, used.scalar() or "")


def certificate_of_code(site: str, name: str) -> str:
    """The certificate that a used code was used for; raises NotFound."""
    found = code(site, name)
    row = DeviceCertificate.get_or_none(
        DeviceCertificate.site == site, DeviceCertificate.serial == (found.serial if found else "")
    )
    if row is None:
        raise NotFound("certificate of", name)
    return str(row.pem)


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
            Device.epoch, Device.clear_epoch, Device.held, Device.seen_at,
        )
        .join(DeviceEpoch, JOIN.LEFT_OUTER, on=joined)
        .where(Device.site == site, Device.state == "ENROLLED", Device.epoch != "")
        .order_by(Device.name)
    )  # fmt: skip
    return [_mark(*row) for row in query.tuples()]


def _mark(
    name: str, presence: str, watermark_at: int, report_at: int, is_reached: Any, epoch: str,
    clear_epoch: str, held: int, seen_at: int,
) -> Mark:  # fmt: skip
    """Epochs are compared here: a comparison of texts in SQL would come back as the text '0'."""
    at = max(watermark_at, report_at) if is_reached else watermark_at
    has_left = presence == "LEFT" and not held and bool(is_reached) and epoch == clear_epoch
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
