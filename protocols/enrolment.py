"""How a device becomes one of a site: the code that it scans, and what it then asks of the hub.

Owns the text of the `%E` label, and the request and answer of `POST /api/1/enrolments` as values.
No keys, certificates or sockets here: docs/protocol.md, "Enrolment", says who does what.

The code is made of signs that a QR code packs tightly and that survive every keyboard table of
`barcodes/layouts.py`: digits, capital letters, `%`, `-` and `.`.

    %E1.SITE.DEVICE.SECRET.AUTHORITY.PORT.HOST[..PORT.HOST]….CHECK

The check is a pure system of the ISO 7064 kind like that of our other labels, modulo the largest
prime below 2^20: any one wrong sign and any two exchanged signs are always noticed.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from hashlib import sha256
from typing import Annotated, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from protocols.errors import (
    BadAddress,
    BadEnrolmentCode,
    BadName,
    MalformedPayload,
    MisreadEnrolmentCode,
    OversizedPayload,
    UnsupportedEnrolmentCode,
    UnsupportedVersion,
)
from protocols.limits import ENROLMENT_CODE_CHARS_MAX, PEM_CHARS_MAX
from protocols.topics import check_name

ENROLMENTS_PATH: Final = "/api/1/enrolments"
AUTHORITY_PATH: Final = "/api/1/authority"
CODE_PREFIX: Final = "%E"
CODE_VERSION: Final = "1"
SECRET_BYTES: Final = 10
"""80 random bits, of which five wrong guesses burn the code."""
FINGERPRINT_BYTES: Final = 20
"""160 bits of a SHA-256: nobody makes a second key that fits."""

_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.%"
_MODULUS: Final = 1_048_573
_RADIX: Final = 45
_CHECK_BYTES: Final = 3
_CHECK_CHARS: Final = 4
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

Pem = Annotated[str, Meta(max_length=PEM_CHARS_MAX)]


class Address(NamedTuple):
    """Where something listens; IPv6 without brackets."""

    host: str
    port: int


class EnrolmentCode(msgspec.Struct, frozen=True):
    """What the QR code on the hub's page says. Good for one device, once, for half an hour."""

    site: str
    device: str
    secret: bytes
    """SECRET_BYTES that only who saw the code can know."""
    authority: str
    """The fingerprint of the hub's CA key, as `authority_fingerprint` writes it."""
    addresses: tuple[Address, ...]
    """Where the hub's HTTPS may be found, in the order of trying."""

    def __repr__(self) -> str:
        """Without the secret: values end in logs."""
        return f"EnrolmentCode({self.site}/{self.device})"


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """What a device posts. Posting the same again is safe: a reply may have been lost."""

    v: int
    site: str
    device: str
    secret: str
    """In base 32, as in the code."""
    csr: Pem
    """PKCS#10 in PEM, EC P-256, common name = the device's name."""


class EnrolmentAnswer(msgspec.Struct, frozen=True):
    """What the hub grants."""

    v: int
    site: str
    device: str
    kind: str
    certificate: Pem
    """The device's own, signed by the authority."""
    authority: Pem
    """The hub's CA certificate; its key is what the device pins."""
    hub_id: str
    brokers: tuple[str, ...]
    """host:port of the broker's TLS listener, in the order of trying."""
    hub_epoch: str = ""


class EnrolmentRefusal(msgspec.Struct, frozen=True):
    """The body of a refusal, as every part of the hub's API gives it."""

    code: str
    text: str = ""


T = TypeVar("T", EnrolmentRequest, EnrolmentAnswer, EnrolmentRefusal)


# ── fingerprints and addresses ──────────────────────────────────────────────────────────────


def authority_fingerprint(public_key_der: bytes) -> str:
    """How a CA's key is named: base 32 of a SHA-256's beginning over its SubjectPublicKeyInfo."""
    return _base32(sha256(public_key_der).digest()[:FINGERPRINT_BYTES])


def write_secret(secret: bytes) -> str:
    """The secret as it stands in code and request."""
    return _base32(secret)


def write_address(address: Address) -> str:
    """`host:port`, an IPv6 host in brackets."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


def read_address(text: str) -> Address:
    """Take `host:port` apart; raises BadAddress."""
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        return _checked_address(_ipv6(host[1:-1]), port, text)
    return _checked_address(_host_name(host), port, text)


# ── the code ────────────────────────────────────────────────────────────────────────────────


def is_code(text: str) -> bool:
    """Whether the text claims to be an enrolment code; it may still be a bad one."""
    return text[: len(CODE_PREFIX)].upper() == CODE_PREFIX


def is_whole_code(text: str) -> bool:
    """Whether it is one, read without a mistake; what it says may still be of another version."""
    text = text.strip().upper()
    body, dot, check = text.rpartition(".")
    is_one = is_code(text) and len(text) <= ENROLMENT_CODE_CHARS_MAX and set(text) <= set(_SIGNS)
    return is_one and check == _check_of(body + dot)


def write_code(code: EnrolmentCode) -> str:
    """The text of the QR code. Raises BadEnrolmentCode, BadName, BadAddress for what cannot be."""
    check_name(code.site, "site")
    check_name(code.device, "device")
    if len(code.secret) != SECRET_BYTES:
        raise BadEnrolmentCode("its secret has the wrong length")
    _check_fingerprint(code.authority)
    fields = (code.site, code.device, write_secret(code.secret), code.authority)
    body = ".".join((CODE_PREFIX + CODE_VERSION, *fields, _write_addresses(code.addresses)))
    text = body.upper() + "."
    text += _check_of(text)
    if len(text) > ENROLMENT_CODE_CHARS_MAX:
        raise BadEnrolmentCode(f"it would have {len(text)} characters; name fewer addresses")
    return text


def read_code(text: str) -> EnrolmentCode:
    """What a scanned or typed code says. Case and spaces around do not matter.

    Raises BadEnrolmentCode, MisreadEnrolmentCode, UnsupportedEnrolmentCode.
    """
    if not is_code(text.strip()):
        raise BadEnrolmentCode("it does not have the form of one")
    if not is_whole_code(text):
        raise MisreadEnrolmentCode
    body = text.strip().upper()[: -_CHECK_CHARS - 1]
    fields = body[len(CODE_PREFIX) :].split(".", 5)
    if fields[0] != CODE_VERSION:
        raise UnsupportedEnrolmentCode(fields[0])
    if len(fields) != 6:
        raise BadEnrolmentCode("a part is missing")
    return _read_fields(*fields[1:])


def _read_fields(
    site: str, device: str, secret: str, authority: str, addresses: str
) -> EnrolmentCode:
    try:
        return EnrolmentCode(
            check_name(site.lower(), "site"),
            check_name(device.lower(), "device"),
            _check_secret(secret),
            _check_fingerprint(authority),
            tuple(map(_read_spot, addresses.split(".."))),
        )
    except (BadName, BadAddress) as wrong:
        raise BadEnrolmentCode(str(wrong)) from wrong


def _write_addresses(addresses: tuple[Address, ...]) -> str:
    if not addresses:
        raise BadEnrolmentCode("it names no address of the hub")
    return "..".join(map(_write_spot, addresses))


def _write_spot(address: Address) -> str:
    """Colons are no keyboard's friends: an IPv6 address is written with hyphens."""
    checked = read_address(write_address(address))
    if ":" not in checked.host and _ipv6(checked.host.replace("-", ":")):
        raise BadAddress(checked.host)
    return f"{checked.port}.{checked.host.replace(':', '-')}"


def _read_spot(spot: str) -> Address:
    port, _, host = spot.partition(".")
    return _checked_address(_ipv6(host.replace("-", ":")) or _host_name(host), port, spot)


def _checked_address(host: str | None, port: str, text: str) -> Address:
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65_535
    if host is None or not is_port:
        raise BadAddress(text)
    return Address(host, int(port))


def _host_name(text: str) -> str | None:
    """A name or IPv4 address in small letters, or None."""
    host = text.lower()
    return host if text.isascii() and _HOST.fullmatch(host) else None


def _ipv6(text: str) -> str | None:
    """An IPv6 address in its usual spelling, or None."""
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        return None


def _check_of(body: str) -> str:
    total = 0
    for sign in body:
        total = (total + _SIGNS.index(sign) + 1) * _RADIX % _MODULUS
    return _base32((total << 4).to_bytes(_CHECK_BYTES, "big"))[:_CHECK_CHARS]


def _check_secret(text: str) -> bytes:
    secret = _unbase32(text)
    if len(secret) != SECRET_BYTES:
        raise BadEnrolmentCode("its secret has the wrong length")
    return secret


def _check_fingerprint(text: str) -> str:
    if len(_unbase32(text)) != FINGERPRINT_BYTES:
        raise BadEnrolmentCode("its fingerprint has the wrong length")
    return text


def _base32(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=")


def _unbase32(text: str) -> bytes:
    try:
        return b32decode(text + "=" * (-len(text) % 8))
    except (NotBase32, ValueError) as wrong:
        raise BadEnrolmentCode("a part of it is not base 32") from wrong


# ── request and answer ──────────────────────────────────────────────────────────────────────

BODY_BYTES_MAX: Final = 32 * 1_024
"""Three certificates, and room."""


def encode_body(body: EnrolmentRequest | EnrolmentAnswer | EnrolmentRefusal) -> bytes:
    """The JSON of a request or answer."""
    return msgspec.json.encode(body)


def decode_body(kind: type[T], payload: bytes) -> T:
    """Read a request or answer; raises OversizedPayload, MalformedPayload, UnsupportedVersion."""
    if len(payload) > BODY_BYTES_MAX:
        raise OversizedPayload(len(payload), BODY_BYTES_MAX)
    try:
        body = msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload(f"{kind.__name__}: {wrong}") from wrong
    version = getattr(body, "v", 1)
    if version != 1:
        raise UnsupportedVersion(version)
    return body
