"""Keys and certificates as PEM text: making, asking, checking. Owns every use of `cryptography`.

No file and no network. A private key is made here, on the device, and never leaves it; what the
hub sees is a request that its owner has signed.
"""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from edge.errors import CertificateUnusable
from protocols.enrolment import authority_fingerprint

CURVE: Final = ec.SECP256R1()
_WRONG: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


def make_key() -> str:
    """A new private key, EC P-256, in PEM."""
    key = ec.generate_private_key(CURVE)
    form = PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii")


def request_for(key: str, device: str) -> str:
    """The signing request (PKCS#10, PEM) for a key under a device's name."""
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(named)
    signed = builder.sign(_private(key), hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode("ascii")


def fingerprint(certificate: str) -> str:
    """How the key of a certificate is named. Raises CertificateUnusable."""
    return _fingerprint_of(_read(certificate))


def fingerprint_of_der(certificate: bytes) -> str:
    """Likewise of one as it came over TLS."""
    try:
        return _fingerprint_of(x509.load_der_x509_certificate(certificate))
    except _WRONG as wrong:
        raise CertificateUnusable("it cannot be read") from wrong


def serial(certificate: str) -> str:
    """The serial number, in hexadecimal."""
    return f"{_read(certificate).serial_number:x}"


def check_certificate(certificate: str, key: str, device: str, authority: str) -> None:
    """Whether it is for this key and device, and by this authority. Raises CertificateUnusable.

    Its dates are not looked at: a device may not know what day it is.
    """
    made, signer = _read(certificate), _read(authority)
    if _public_der(made) != _der(_private(key).public_key()):
        raise CertificateUnusable("it is for another key")
    names = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in names] != [device]:
        raise CertificateUnusable(f"it does not name {device}")
    try:
        made.verify_directly_issued_by(signer)
    except (InvalidSignature, *_WRONG) as wrong:
        raise CertificateUnusable("the hub's authority has not signed it") from wrong


def _fingerprint_of(certificate: x509.Certificate) -> str:
    return authority_fingerprint(_public_der(certificate))


def _public_der(certificate: x509.Certificate) -> bytes:
    try:
        key = certificate.public_key()
    except _WRONG as wrong:
        raise CertificateUnusable("its key cannot be read") from wrong
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _der(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read(certificate: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(certificate.encode())
    except _WRONG as wrong:
        raise CertificateUnusable("it cannot be read") from wrong


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    try:
        found = load_pem_private_key(key.encode(), None)
    except _WRONG as wrong:
        raise CertificateUnusable("the device's own key cannot be read") from wrong
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise CertificateUnusable("the device's own key is of another kind")
    return found
