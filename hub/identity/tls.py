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
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from hub.clock import Clock
from hub.identity.authority import (
    AUTHORITY_DAYS,
    PEM,
    Authority,
    certificate_of,
    key_pem,
    lasting,
    listed_serials,
    new_key,
)
from hub.identity.private_files import make_private_folder, sync_folder, write_private
from hub.process.ports import EVERYWHERE, own_addresses

CA_NAME: Final = "Binlight hub"
CRL: Final = "crl.pem"


def ensure_certificates(
    folder: Path, clock: Clock, listen: str, further: tuple[str, ...] = ()
) -> None:
    """Make what is missing: ca.key, ca.crt, server.key, server.crt, crl.pem. Safe to repeat.

    The server's certificate is made again when it does not name an address that is listened on.
    """
    make_private_folder(folder)
    names = server_names(listen, further)
    until = lasting(clock.now_us(), AUTHORITY_DAYS)
    if not (folder / "ca.crt").exists():
        _make_authority(folder, until)
    if not (folder / CRL).exists():
        write_private(folder / CRL, Authority.open(folder).revocation_list([]))
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


def ensure_listed(folder: Path, serials: list[str]) -> bool:
    """Have the revocation list hold these serials; returns whether it had to be made anew."""
    path = folder / CRL
    if path.exists() and listed_serials(path.read_bytes()) == frozenset(serials):
        return False
    write_private(path, Authority.open(folder).revocation_list(serials))
    return True


def _make_authority(folder: Path, until: datetime.datetime) -> None:
    """The certificate is written last: while it is missing, nobody has pinned the key."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        certificate_of(name, name, key.public_key(), until)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "ca.key", key_pem(key))
    write_private(folder / "ca.crt", certificate.public_bytes(PEM))


def _make_server(folder: Path, names: tuple[str, ...], until: datetime.datetime) -> None:
    """Key and certificate fit each other: the old certificate goes before the key is replaced."""
    authority = Authority.open(folder)
    key = new_key()
    found = [_general_name(name) for name in names]
    certificate = authority.sign_server(key.public_key(), found, names[0], until)
    (folder / "server.crt").unlink(missing_ok=True)
    sync_folder(folder)
    write_private(folder / "server.key", key_pem(key))
    write_private(folder / "server.crt", certificate + authority.pem.encode())


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
