"""The hub's own certificate authority and its server certificate. Owns the files in `tls/`.

Made once, at the first start that needs them. Devices pin the authority's key; both last ten years,
because a Pi boots without a clock and an expired certificate refuses everybody.
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.broker import write_private
from hub.clock import Clock
from hub.ports import EVERYWHERE, own_addresses

LIFE_DAYS: Final = 3_650
CA_NAME: Final = "Binlight hub"
_NEVER_BEFORE: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
"""A device with a clock in the past must not find that the certificate is not valid yet."""


def ensure_certificates(
    folder: Path, clock: Clock, listen: str, further: tuple[str, ...] = ()
) -> None:
    """Make what is missing: ca.key, ca.crt, server.key, server.crt. Safe to repeat.

    The server's certificate is made again when it does not name an address that is listened on.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = server_names(listen, further)
    until = _until(clock)
    if not (folder / "ca.crt").exists():
        _make_authority(folder, until)
    if not _covers(folder / "server.crt", names):
        _make_server(folder, names, until)


def server_names(listen: str, further: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Host names and addresses under which this machine may be asked for."""
    host = socket.gethostname()
    found = ["localhost", "127.0.0.1", "::1", host, f"{host}.local", *further]
    if listen in EVERYWHERE:
        found += own_addresses()
    else:
        found.append(listen)
    return tuple(dict.fromkeys(found))


def _make_authority(folder: Path, until: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(name, name, key.public_key(), until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / "ca.key", key)
    write_private(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(folder: Path, names: tuple[str, ...], until: datetime.datetime) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        _builder(subject, authority.subject, key.public_key(), until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(signer, hashes.SHA256())
    )
    _write(folder / "server.key", key)
    pem = serialization.Encoding.PEM
    chain = certificate.public_bytes(pem) + authority.public_bytes(pem)
    write_private(folder / "server.crt", chain)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey,
    until: datetime.datetime,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NEVER_BEFORE)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _write(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip
    write_private(path, pem)


def _until(clock: Clock) -> datetime.datetime:
    now = datetime.datetime.fromtimestamp(clock.now_us() / 1_000_000, tz=datetime.UTC)
    return max(now, _NEVER_BEFORE) + datetime.timedelta(days=LIFE_DAYS)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _covers(path: Path, names: tuple[str, ...]) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {_general_name(name) for name in names} <= set(held)
