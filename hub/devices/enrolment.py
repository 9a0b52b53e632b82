"""What can be done with codes and certificates of devices. Owns `enrolment_code` and
`device_certificate`.

One function for each act; each takes the act first, opens no transaction and throws no dice: keys,
serials and signatures were made before. The broker follows by itself (`hub.identity.admissions`).
"""

from __future__ import annotations

from typing import Final

from hub.db import Insert
from hub.devices.kinds import AWAITED, ENROLLED, RETIRED, REVOKED
from hub.devices.models import DeviceCertificate
from hub.devices.rules import WRONG_TRIES_MAX
from hub.errors import HubError, NotFound, WrongState
from hub.journal import Act
from hub.outbox import send
from protocols.messages.commands import RenewCertificate
from protocols.messages.presence import Birth

_insert: Final = Insert(DeviceCertificate, or_ignore=True)
_OFFER: Final = (
    "INSERT INTO enrolment_code (site, device, digest, state, wrong_tries, made_at, expires_at, "
    "serial) VALUES (?, ?, ?, 'OPEN', 0, ?, ?, '') ON CONFLICT (site, device) DO UPDATE SET "
    "digest = excluded.digest, state = 'OPEN', wrong_tries = 0, made_at = excluded.made_at, "
    "expires_at = excluded.expires_at, serial = ''"
)
_USE: Final = (
    "UPDATE enrolment_code SET state = 'USED', serial = ? "
    "WHERE site = ? AND device = ? AND digest = ? AND state = 'OPEN' AND expires_at > ?"
)
_END: Final = (
    "UPDATE device_certificate SET state = ?, reason = ?, revoked_at = ? "
    "WHERE site = ? AND device = ? AND state = 'ACTIVE' AND serial <> ?"
)


class CodeRefused(HubError):
    """A device came with a code that is good for nothing. The code of the refusal says why."""

    code = "CODE_UNKNOWN"
    sentence = "This code is not known here; have the hub show one for this device."

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(self.sentence)


class CodeUnknown(CodeRefused):
    code = "CODE_UNKNOWN"


class CodeUsed(CodeRefused):
    code = "CODE_USED"
    sentence = "Another device was enrolled with this code; have the hub show a new one."


class CodeExpired(CodeRefused):
    code = "CODE_EXPIRED"
    sentence = "This code is too old; have the hub show a new one."


class CodeBurnt(CodeRefused):
    code = "CODE_BURNT"
    sentence = "Somebody guessed at this code, so it is good no more; have the hub show a new one."


class NotEnrolled(HubError):
    """Only a device that is enrolled by certificate can renew it."""

    code = "NOT_ENROLLED"

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(f"The device {device!r} has no certificate to renew; enrol it by a code.")


REFUSALS: Final[dict[str, type[CodeRefused]]] = {
    kind.code: kind for kind in (CodeUnknown, CodeUsed, CodeExpired, CodeBurnt)
}


# --- codes ----------------------------------------------------------------------------------------


def offer_code(act: Act, device: str, digest: bytes, expires_at: int) -> None:
    """Let whoever knows the secret enrol as this device, once; an earlier code ends.

    What the device has now stays good until then. Raises NotFound.
    """
    _refuse_unknown(act, device)
    act.tx.run(_OFFER, (act.site, device, digest, act.now_us, expires_at))


def note_wrong_code(act: Act, device: str) -> int:
    """Count a guess at a device's code, and burn the code at WRONG_TRIES_MAX; returns how many.

    0: there is no code to guess at.
    """
    act.tx.run(
        "UPDATE enrolment_code SET wrong_tries = wrong_tries + 1, "
        "state = CASE WHEN wrong_tries + 1 >= ? THEN 'BURNT' ELSE state END "
        "WHERE site = ? AND device = ? AND state = 'OPEN' AND expires_at > ?",
        (WRONG_TRIES_MAX, act.site, device, act.now_us),
    )
    row = act.tx.row(
        "SELECT wrong_tries FROM enrolment_code WHERE site = ? AND device = ?", (act.site, device)
    )
    return 0 if row is None else int(row[0])


def _refuse_unknown(act: Act, device: str) -> None:
    row = act.tx.row("SELECT 1 FROM device WHERE site = ? AND name = ?", (act.site, device))
    if row is None:
        raise NotFound("device", device)


# --- certificates ---------------------------------------------------------------------------------


def enrol(
    act: Act, device: str, digest: bytes, serial: str, pem: str, key_fingerprint: str,
    expires_at: int,
) -> None:  # fmt: skip
    """Use the code up, and let the device in by this certificate alone: every other one, and its
    password, end now. Raises CodeUsed when somebody was quicker.
    """
    taken = act.tx.run(_USE, (serial, act.site, device, digest, act.now_us))
    if taken != 1:
        raise CodeUsed(device)
    _end(act, device, "SUPERSEDED", "REPLACED", but=serial)
    _keep(act, device, serial, pem, key_fingerprint, expires_at)
    act.tx.run(
        "UPDATE device SET state = ?, secret_hash = '' WHERE site = ? AND name = ?",
        (ENROLLED, act.site, device),
    )


def renew(
    act: Act, device: str, serial: str, pem: str, key_fingerprint: str, expires_at: int
) -> None:
    """Give an enrolled device another certificate; what it has stays good until it was heard with
    the new one. One that it was given before and never used ends. Raises NotEnrolled.
    """
    found = act.tx.row(
        "SELECT 1 FROM device d JOIN device_certificate c ON c.site = d.site AND c.device = d.name "
        "WHERE d.site = ? AND d.name = ? AND d.state = ? AND c.state = 'ACTIVE'",
        (act.site, device, ENROLLED),
    )
    if found is None:
        raise NotEnrolled(device)
    _end_unused(act, device)
    _keep(act, device, serial, pem, key_fingerprint, expires_at)


def _end_unused(act: Act, device: str) -> None:
    """The first certificate may never have been named in a birth; it is the one in use."""
    act.tx.run(
        "UPDATE device_certificate SET state = 'SUPERSEDED', reason = 'UNUSED', revoked_at = ? "
        "WHERE site = ? AND device = ? AND state = 'ACTIVE' AND used_at IS NULL AND issued_at > "
        "(SELECT MIN(issued_at) FROM device_certificate "
        "WHERE site = ? AND device = ? AND state = 'ACTIVE')",
        (act.now_us, act.site, device, act.site, device),
    )


def _keep(
    act: Act, device: str, serial: str, pem: str, key_fingerprint: str, expires_at: int
) -> None:
    values = {
        "site": act.site, "serial": serial, "device": device, "state": "ACTIVE", "pem": pem,
        "key_fingerprint": key_fingerprint, "issued_at": act.now_us, "expires_at": expires_at,
        "reason": "",
    }  # fmt: skip
    act.tx.run(_insert.sql, [values.get(column) for column in _insert.columns])


def _end(act: Act, device: str, state: str, reason: str, but: str = "") -> int:
    return act.tx.run(_END, (state, reason, act.now_us, act.site, device, but))


def note_use(act: Act, birth: Birth, _upto: int = 0) -> bool:
    """A device was heard with a certificate: the ones of before are good no more.

    True when that changed something. An older one than the newest in use ends nothing.
    """
    if not birth.certificate:
        return False
    row = act.tx.row(
        "SELECT serial, issued_at FROM device_certificate WHERE site = ? AND device = ? "
        "AND serial = ? AND state = 'ACTIVE' AND used_at IS NULL",
        (act.site, birth.dev, birth.certificate.lower().lstrip("0")),
    )
    if row is None:
        return False
    serial, issued_at = row
    act.tx.run(
        "UPDATE device_certificate SET used_at = ? WHERE site = ? AND serial = ?",
        (act.now_us, act.site, serial),
    )
    act.tx.run(
        "UPDATE device_certificate SET state = 'SUPERSEDED', reason = 'RENEWED', revoked_at = ? "
        "WHERE site = ? AND device = ? AND state = 'ACTIVE' AND serial <> ? AND issued_at <= ?",
        (act.now_us, act.site, birth.dev, serial, issued_at),
    )
    return True


def ask_renewal(act: Act, device: str) -> None:
    """Have a device make a new key and ask for its certificate. Raises NotEnrolled."""
    asked = act.tx.run(
        "UPDATE device_certificate SET asked_at = ? WHERE site = ? AND device = ? "
        "AND state = 'ACTIVE'",
        (act.now_us, act.site, device),
    )
    if not asked:
        raise NotEnrolled(device)
    send(act, device, RenewCertificate())


# --- the end --------------------------------------------------------------------------------------


def revoke(act: Act, device: str) -> None:
    """Shut a device out, lost or stolen: certificates, password and open code end now.

    Its rows and its place in the order of events stay; only a new code from a person takes it
    back. Raises NotFound, WrongState.
    """
    changed = act.tx.run(
        "UPDATE device SET state = ?, secret_hash = '', presence = 'OFFLINE', presence_at = ? "
        "WHERE site = ? AND name = ? AND state IN (?, ?)",
        (REVOKED, act.now_us, act.site, device, ENROLLED, AWAITED),
    )
    if changed != 1:
        _refuse_unknown(act, device)
        raise WrongState("device", device, "shut out already", "an enrolled one")
    end_all(act, device, "LOST")


def retire(act: Act, device: str) -> None:
    """Hear a device no more; its rows and its name stay. Raises NotFound, WrongState."""
    changed = act.tx.run(
        "UPDATE device SET state = ?, secret_hash = '', presence = 'OFFLINE', presence_at = ? "
        "WHERE site = ? AND name = ? AND state <> ?",
        (RETIRED, act.now_us, act.site, device, RETIRED),
    )
    if changed != 1:
        _refuse_unknown(act, device)
        raise WrongState("device", device, RETIRED, "an enrolled one")
    end_all(act, device, "RETIRED")


def end_all(act: Act, device: str, reason: str) -> None:
    """Nothing that was given to a device admits anybody from now on."""
    _end(act, device, "REVOKED", reason)
    act.tx.run(
        "UPDATE enrolment_code SET state = 'WITHDRAWN' WHERE site = ? AND device = ?",
        (act.site, device),
    )


def note_cut(act: Act, serials: tuple[str, ...]) -> None:
    """The broker holds no connection that was made with these certificates."""
    for serial in serials:
        act.tx.run(
            "UPDATE device_certificate SET cut_at = ? WHERE site = ? AND serial = ?",
            (act.now_us, act.site, serial),
        )
