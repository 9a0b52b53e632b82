"""What a hub that was set back to an older backup has to be told about devices: who was shut out
since, and which certificates admit nobody any more. Changes `device`, `enrolment_code` and
`device_certificate`, by one function for each.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hub.db import Insert
from hub.devices import service
from hub.devices.enrolment import end_all
from hub.devices.kinds import ACTIVE, RETIRED
from hub.devices.models import DeviceCertificate
from hub.journal import Act

_certificate: Final = Insert(DeviceCertificate, or_ignore=True)


class ShutOut(msgspec.Struct, frozen=True):
    """A device that must not come back."""

    name: str
    kind: str
    state: str
    """REVOKED or RETIRED."""


class Ended(msgspec.Struct, frozen=True):
    """A certificate that admits nobody, as far as is known of it."""

    serial: str
    device: str = ""
    reason: str = "LOST"
    key_fingerprint: str = ""
    pem: str = ""
    issued_at: int = 0
    expires_at: int = 0


def stay_out(act: Act, device: ShutOut) -> None:
    """Shut a device out as it was; one that the backup does not know is entered only for that.
    Safe to repeat.
    """
    known = "SELECT 1 FROM device WHERE site = ? AND name = ?"
    if act.tx.row(known, (act.site, device.name)) is None:
        service.enter_device(act, device.name, device.kind)
    act.tx.run(
        "UPDATE device SET state = ?, secret_hash = '', presence = 'OFFLINE', presence_at = ? "
        "WHERE site = ? AND name = ?",
        (device.state, act.now_us, act.site, device.name),
    )
    end_all(act, device.name, "RETIRED" if device.state == RETIRED else "LOST")


def stay_ended(act: Act, ended: Ended) -> None:
    """Have a certificate stand on the revocation list, whether the backup knows it or not. Nobody
    is connected with it: the broker of a hub that is restored does not run. Safe to repeat.
    """
    values = msgspec.structs.asdict(ended) | {
        "site": act.site, "state": "REVOKED", "revoked_at": act.now_us, "cut_at": act.now_us,
        "used_at": None, "asked_at": None,
    }  # fmt: skip
    act.tx.run(_certificate.sql, [values[column] for column in _certificate.columns])
    act.tx.run(
        "UPDATE device_certificate SET state = 'REVOKED', reason = ?, revoked_at = ?, cut_at = ? "
        "WHERE site = ? AND serial = ? AND state = ?",
        (ended.reason, act.now_us, act.now_us, act.site, ended.serial, ACTIVE),
    )


def withdraw_codes(act: Act) -> None:
    """No code that was open then lets anybody enrol now: it may have been used since."""
    act.tx.run(
        "UPDATE enrolment_code SET state = 'WITHDRAWN' WHERE site = ? AND state = 'OPEN'",
        (act.site,),
    )
