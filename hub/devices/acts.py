"""What somebody may want done with devices, as commands. Secrets come as hashes and digests; keys
and signatures were made before, so that a replay makes the same rows.
"""

from __future__ import annotations

from hub.command import Command, Hex, command
from hub.devices import enrolment, service
from hub.journal import Act


@command("devices.add")
class AddDevice(Command[None], frozen=True):
    """Add a device: enrolled by a password's hash, or awaited with an enrolment code."""

    name: str
    kind: str
    secret_hash: str = ""

    def carry_out(self, act: Act) -> None:
        service.enter_device(act, self.name, self.kind, self.secret_hash)


@command("devices.renew_password")
class SetPassword(Command[None], frozen=True):
    """Let a device in by another password, and by nothing else."""

    name: str
    secret_hash: str

    def carry_out(self, act: Act) -> None:
        service.set_password(act, self.name, self.secret_hash)


@command("devices.message")
class ShowWords(Command[bytes], frozen=True):
    """Put words on a device's screen; returns the command's id."""

    device: str
    text: str

    def carry_out(self, act: Act) -> bytes:
        return service.show_message(act, self.device, self.text)


@command("devices.retire")
class RetireDevice(Command[None], frozen=True):
    device: str

    def carry_out(self, act: Act) -> None:
        enrolment.retire(act, self.device)


@command("devices.revoke")
class RevokeDevice(Command[None], frozen=True):
    """Lost or stolen: shut it out within two seconds."""

    device: str

    def carry_out(self, act: Act) -> None:
        enrolment.revoke(act, self.device)


@command("devices.offer_code", needs="devices.add")
class OfferCode(Command[None], frozen=True):
    """Let whoever scans the code enrol as this device, once."""

    device: str
    digest: Hex
    expires_at: int

    def carry_out(self, act: Act) -> None:
        enrolment.offer_code(act, self.device, self.digest, self.expires_at)


@command("devices.enrol")
class EnrolDevice(Command[None], frozen=True):
    """What a device posted with its code, and what the hub signed."""

    device: str
    digest: Hex
    csr: str
    serial: str
    certificate: str
    key_fingerprint: str
    expires_at: int

    def carry_out(self, act: Act) -> None:
        enrolment.enrol(
            act, self.device, self.digest, self.serial, self.certificate, self.key_fingerprint,
            self.expires_at,
        )  # fmt: skip


@command("devices.note_wrong_code")
class NoteWrongCode(Command[int], frozen=True):
    """Somebody came with a wrong secret; returns how often that happened to this code."""

    device: str

    def carry_out(self, act: Act) -> int:
        return enrolment.note_wrong_code(act, self.device)


@command("devices.renew_certificate")
class RenewDeviceCertificate(Command[None], frozen=True):
    """A device asked for another certificate over its connection, and the hub signed it."""

    device: str
    csr: str
    serial: str
    certificate: str
    key_fingerprint: str
    expires_at: int

    def carry_out(self, act: Act) -> None:
        enrolment.renew(
            act, self.device, self.serial, self.certificate, self.key_fingerprint, self.expires_at
        )


@command("devices.ask_renewal")
class AskRenewal(Command[None], frozen=True):
    """Have devices make new keys."""

    devices: tuple[str, ...]

    def carry_out(self, act: Act) -> None:
        for device in self.devices:
            enrolment.ask_renewal(act, device)


@command("devices.note_cut")
class NoteCut(Command[None], frozen=True):
    """The broker holds no connection any more that was made with these certificates."""

    serials: tuple[str, ...]

    def carry_out(self, act: Act) -> None:
        enrolment.note_cut(act, self.serials)
