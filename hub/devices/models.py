"""Tables of devices: who they are, how they are, what they sent, and what was refused."""

from __future__ import annotations

import peewee

from hub.db import BytesField, CountField, IdField, MomentField, Table


class Device(Table):
    """A handheld, dock station, light station or packing bench of one site, named in topics."""

    site = peewee.TextField()
    name = peewee.TextField()
    kind = peewee.TextField()
    state = peewee.TextField(default="ENROLLED")
    """AWAITED → ENROLLED → REVOKED | RETIRED; an enrolment code leads back to ENROLLED."""
    secret_hash = peewee.TextField(default="")
    """mosquitto's own password hash; the password itself is kept nowhere. Empty: by certificate."""
    presence = peewee.TextField(default="OFFLINE")
    presence_at = MomentField(default=0)
    session = peewee.TextField(default="")
    version = peewee.TextField(default="")
    boot = CountField(default=0)
    epoch = peewee.TextField(default="")
    seq = CountField(default=0)
    cause = peewee.TextField(default="")
    outbox_depth = CountField(default=0)
    outbox_percent = CountField(default=0)
    """How full it said its outbox was: devices differ in how much they keep."""
    disk_free_mb = CountField(null=True)
    battery_percent = CountField(null=True)
    radio_dbm = CountField(null=True)
    scans = CountField(default=0)
    scans_refused = CountField(default=0)
    person = IdField(null=True)
    place_code = peewee.TextField(default="")
    """The bin of the last scan."""
    seen_at = MomentField(default=0)
    watermark_at = MomentField(default=0)
    """Everything that happened before has arrived."""
    report_epoch = peewee.TextField(default="")
    report_seq = CountField(default=0)
    report_at = MomentField(default=0)
    """The last report: at this moment, `report_seq` was the device's last event. Once the hub has
    that event, everything from before the moment has arrived."""
    clear_epoch = peewee.TextField(default="")
    """The epoch beside which the device has no older events left to send."""
    met_epoch = peewee.TextField(default="")
    """The epoch since whose begin hub and device agree about its work."""
    roots_day = peewee.TextField(default="")
    """The day whose ledger roots it was last given to keep."""
    held = CountField(default=0)
    """Pieces of work that it named in its last birth."""
    cfg_hash = peewee.TextField(default="")
    created_at = MomentField()

    class Meta:
        table_name = "device"
        primary_key = peewee.CompositeKey("site", "name")


class EnrolmentCode(Table):
    """The one code by which a device may enrol: OPEN → USED | BURNT | WITHDRAWN.

    A new code takes the place of the old one.
    """

    site = peewee.TextField()
    device = peewee.TextField()
    digest = BytesField()
    """SHA-256 of the secret; the secret itself is kept nowhere."""
    state = peewee.TextField(default="OPEN")
    wrong_tries = CountField(default=0)
    made_at = MomentField()
    expires_at = MomentField()
    serial = peewee.TextField(default="")
    """Of the certificate that it was used for."""

    class Meta:
        table_name = "enrolment_code"
        primary_key = peewee.CompositeKey("site", "device")


class DeviceCertificate(Table):
    """A certificate that the hub signed for a device: ACTIVE → SUPERSEDED | REVOKED.

    Whatever is not ACTIVE stands on the revocation list for good.
    """

    site = peewee.TextField()
    serial = peewee.TextField()
    device = peewee.TextField()
    state = peewee.TextField(default="ACTIVE")
    key_fingerprint = peewee.TextField()
    """SHA-256 over the key's SubjectPublicKeyInfo: the same key asks again and gets the same."""
    pem = peewee.TextField()
    issued_at = MomentField()
    used_at = MomentField(null=True)
    """When the device was first heard with it."""
    expires_at = MomentField()
    asked_at = MomentField(null=True)
    """When the device was last told to renew it."""
    revoked_at = MomentField(null=True)
    reason = peewee.TextField(default="")
    """RENEWED, UNUSED, REPLACED, LOST, RETIRED."""
    cut_at = MomentField(null=True)
    """When the hub made sure that no connection lives on it."""

    class Meta:
        table_name = "device_certificate"
        primary_key = peewee.CompositeKey("site", "serial")
        indexes = ((("site", "device", "state"), False),)


class DeviceEpoch(Table):
    """How far the hub has applied each epoch of a device's outbox: every seq up to `upto`."""

    site = peewee.TextField()
    device = peewee.TextField()
    epoch = peewee.TextField()
    upto = CountField(default=0)
    pruned_upto = CountField(default=0)
    changed_at = MomentField()

    class Meta:
        table_name = "device_epoch"
        primary_key = peewee.CompositeKey("site", "device", "epoch")


class DayRoot(Table):
    """Where a ledger ended when a day began; the devices keep the same."""

    site = peewee.TextField()
    day = peewee.TextField()
    ledger = peewee.TextField()
    position = CountField()
    hash = BytesField()
    at = MomentField()

    class Meta:
        table_name = "day_root"
        primary_key = peewee.CompositeKey("site", "day", "ledger")


class DeviceEvent(Table):
    """One business event, once. The raw payload is the input of its journal row (same key)."""

    site = peewee.TextField()
    device = peewee.TextField()
    epoch = peewee.TextField()
    seq = CountField()
    type = peewee.TextField()
    state = peewee.TextField()
    """APPLIED, PARKED, REJECTED."""
    code = peewee.TextField(default="")
    digest = BytesField()
    at = MomentField()
    recorded_at = MomentField()

    class Meta:
        table_name = "device_event"
        primary_key = peewee.CompositeKey("site", "device", "epoch", "seq")


class ParkedEvent(Table):
    """An event that waits for a supervisor: PARKED → APPLIED | REJECTED."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    device = peewee.TextField()
    epoch = peewee.TextField()
    seq = CountField()
    code = peewee.TextField()
    text = peewee.TextField()
    payload = BytesField()
    state = peewee.TextField(default="PARKED")
    at = MomentField()

    class Meta:
        table_name = "parked_event"
        indexes = ((("site", "state"), False),)


class RefusedMessage(Table):
    """A message that is no message: listed where a supervisor sees it, counted when repeated."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    topic = peewee.TextField()
    code = peewee.TextField()
    text = peewee.TextField()
    sample = BytesField()
    """The first 200 bytes."""
    count = CountField(default=1)
    first_at = MomentField()
    last_at = MomentField()

    class Meta:
        table_name = "refused_message"
        indexes = ((("site", "last_at"), False),)
