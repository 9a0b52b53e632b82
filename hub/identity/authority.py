"""The hub's certificate authority, opened for signing. Owns what its certificates and lists say.

Values only: files are `hub.identity.tls`', rows are `hub.devices`'. Heavy to import (cryptography),
so whoever must stay small imports it where it signs.
"""

from __future__ import annotations

import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.errors import HubError
from hub.identity.announced import NoAuthority
from protocols.enrolment import authority_fingerprint

AUTHORITY_DAYS: Final = 3_650
DEVICE_DAYS: Final = 730
NEVER_BEFORE: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
"""A device with a clock in the past must not find that the certificate is not valid yet."""
SERIAL_BYTES: Final = 16
CURVE: Final = "secp256r1"
PEM: Final = serialization.Encoding.PEM


class BadCsr(HubError):
    """What a device sent is no request that this hub signs."""

    code = "BAD_CSR"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This certificate request cannot be signed: {reason}.")


class DeviceKey(NamedTuple):
    """The public half of a device's key, checked."""

    public: ec.EllipticCurvePublicKey
    fingerprint: str
    """SHA-256 over its SubjectPublicKeyInfo, in hexadecimal digits."""


class Signed(NamedTuple):
    """A certificate as rows and devices keep it."""

    serial: str
    """In hexadecimal digits."""
    pem: str
    key_fingerprint: str
    expires_at: int
    """Microseconds UTC."""


def read_request(csr_pem: str, device: str) -> DeviceKey:
    """Check a PKCS#10 request: its own signature, EC P-256, and the device's name. Raises BadCsr.

    Names, usages and dates that it asks for are not looked at: the hub alone decides those.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public = request.public_key()
        is_signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as wrong:
        raise BadCsr("it cannot be read") from wrong
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != CURVE:
        raise BadCsr("its key is not EC P-256")
    if not is_signed:
        raise BadCsr("its signature does not fit its key")
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in names] != [device]:
        raise BadCsr(f"its common name is not {device!r}")
    return DeviceKey(public, sha256(spki(public)).hexdigest())


def spki(public: ec.EllipticCurvePublicKey) -> bytes:
    """A public key's SubjectPublicKeyInfo, by whose hash keys are named."""
    der = serialization.Encoding.DER
    return public.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)


class Authority:
    """Signs device certificates and revocation lists with the hub's CA key."""

    def __init__(self, certificate_pem: bytes, key_pem: bytes) -> None:
        self.certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise NoAuthority
        self._key = key

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Read ca.crt and ca.key; raises NoAuthority when there are none."""
        try:
            return cls((folder / "ca.crt").read_bytes(), (folder / "ca.key").read_bytes())
        except FileNotFoundError as missing:
            raise NoAuthority from missing

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def fingerprint(self) -> str:
        """As enrolment codes and announcements write it."""
        return authority_fingerprint(spki(self._key.public_key()))

    @property
    def hub_id(self) -> str:
        """Tells two hubs apart: as long as the key lives, it is the same hub."""
        return sha256(spki(self._key.public_key())).hexdigest()[:16]

    def sign_device(
        self, key: DeviceKey, site: str, device: str, serial_bytes: bytes, now_us: int,
        days: int = DEVICE_DAYS,
    ) -> Signed:  # fmt: skip
        """A client's certificate that names one device of one site."""
        serial = int.from_bytes(serial_bytes, "big") >> 1 | 1
        until = lasting(now_us, days)
        certificate = (
            certificate_of(device_name(site, device), self.certificate.subject, key.public, until)
            .serial_number(serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(PEM).decode()
        return Signed(serial_text(serial), pem, key.fingerprint, int(until.timestamp()) * 1_000_000)

    def sign_server(
        self, public: ec.EllipticCurvePublicKey, names: list[x509.GeneralName],
        common_name: str, until: datetime.datetime,
    ) -> bytes:  # fmt: skip
        """The PEM of a server's certificate."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate = (
            certificate_of(subject, self.certificate.subject, public, until)
            .serial_number(x509.random_serial_number())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(PEM)

    def revocation_list(self, serials: list[str]) -> bytes:
        """The PEM of the list of these serials; it counts as long as the CA does.

        Its moment is its length in seconds after 2020: serials are never taken off, so a later
        list is always newer than an earlier one, whatever the clock says.
        """
        since = NEVER_BEFORE + datetime.timedelta(seconds=len(serials))
        listed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(since)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(len(serials)), critical=False)
        )
        for serial in sorted(serials):
            listed = listed.add_revoked_certificate(_revoked(serial))
        return listed.sign(self._key, hashes.SHA256()).public_bytes(PEM)


def serial_text(serial: int) -> str:
    """A serial number as rows and births write it."""
    return f"{serial:x}"


def listed_serials(crl_pem: bytes) -> frozenset[str]:
    """What a revocation list holds; empty for what is none."""
    try:
        listed = x509.load_pem_x509_crl(crl_pem)
    except ValueError:
        return frozenset()
    return frozenset(serial_text(entry.serial_number) for entry in listed)


def device_name(site: str, device: str) -> x509.Name:
    """The broker takes the common name as user name and client id."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, device),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, site),
        ]
    )


def certificate_of(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey,
    until: datetime.datetime,
) -> x509.CertificateBuilder:  # fmt: skip
    """What all our certificates have in common; the serial is the caller's."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .not_valid_before(NEVER_BEFORE)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def lasting(now_us: int, days: int) -> datetime.datetime:
    """So many days from now; from 2020 when the clock says that it is earlier."""
    now = datetime.datetime.fromtimestamp(now_us // 1_000_000, tz=datetime.UTC)
    return max(now, NEVER_BEFORE) + datetime.timedelta(days=days)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(PEM, form, serialization.NoEncryption())


def _revoked(serial: str) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(int(serial, 16))
    return builder.revocation_date(NEVER_BEFORE).build()
