"""The decoders of `protocols/`, each with what it must keep to: a value or a named refusal.

A target answers with the outcome in short; an outcome not seen before is worth keeping. What reads
back must also read the same: that is asked here too. Owns the list; a new decoder adds a row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple

import msgspec

from protocols import discovery, enrolment, pin_verifier
from protocols.barcodes import (
    RawScan,
    bin_label,
    bracketed,
    check_associations,
    check_digits,
    classify,
    digital_link,
    element_string,
    gtin14,
    read_bracketed,
    read_digital_link,
    read_element_string,
)
from protocols.barcodes.labels import read_label
from protocols.envelope import decode_data, decode_event
from protocols.errors import ProtocolsError
from protocols.messages.channels import CHANNEL_TYPES
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command, command_data
from protocols.scanner_framing import Framer, Framing
from protocols.topics import check_name, parse_device_topic

Outcome = Hashable


class Target(NamedTuple):
    """A decoder and what it is given at first."""

    name: str
    read: Callable[[bytes], Outcome]
    seeds: tuple[bytes, ...]
    repair: Callable[[bytes], bytes] | None = None
    """Makes the check characters right, so that rubbish gets past them."""


class NotTheSame(Exception):
    """What was read, written and read again came out different: a defect, not a refusal."""


def outcome(target: Target, data: bytes) -> Outcome:
    """What the decoder makes of this; anything but a value or a ProtocolsError gets through."""
    try:
        return target.read(data)
    except ProtocolsError as refusal:
        str(refusal), refusal.values()  # people must be able to read it
        return type(refusal).__name__


def _text(data: bytes) -> str:
    """As a device reads it: UTF-8, or each byte a sign."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _same(before: object, after: object) -> None:
    if before != after:
        raise NotTheSame(f"{before!r} became {after!r}")


# --- messages ------------------------------------------------------------------------------------


def _shape(value: Any, depth: int = 2) -> Outcome:
    """Which fields are filled, not with what."""
    if isinstance(value, msgspec.Struct):
        filled = [(f, getattr(value, f)) for f in value.__struct_fields__]
        return (
            type(value).__name__,
            tuple((f, _shape(v, depth - 1)) for f, v in filled if v and depth),
        )
    return type(value).__name__


def _event(data: bytes) -> Outcome:
    event = decode_event(data)
    facts = decode_data(event)
    return event.type, event.at_quality, _shape(facts)


def _message(kind: type[msgspec.Struct]) -> Callable[[bytes], Outcome]:
    def read(data: bytes) -> Outcome:
        message = decode(kind, data)
        _same(message, decode(kind, encode(message)))
        if isinstance(message, Command):
            return message.type, _shape(command_data(message))
        return _shape(message)

    return read


def _body(kind: Any) -> Callable[[bytes], Outcome]:
    return lambda data: _shape(enrolment.decode_body(kind, data))


# --- names and codes -----------------------------------------------------------------------------


def _topic(data: bytes) -> Outcome:
    found = parse_device_topic(_text(data))
    check_name(found.device, "device")
    return found.channel


def _address(data: bytes) -> Outcome:
    found = enrolment.read_address(_text(data))
    _same(found, enrolment.read_address(enrolment.write_address(found)))
    return ":" in found.host


def _code(data: bytes) -> Outcome:
    found = enrolment.read_code(_text(data))
    _same(found, enrolment.read_code(enrolment.write_code(found)))
    return len(found.addresses)


def _repaired_code(data: bytes) -> bytes:
    body = data.decode("latin-1").upper().rpartition(".")[0] + "."
    try:
        return (body + enrolment._check_of(body)).encode("latin-1")  # noqa: SLF001 - made right
    except ValueError:
        return data


def _txt(data: bytes) -> Outcome:
    pairs = dict(piece.partition(b"=")[::2] for piece in data.split(b"\n"))
    found = discovery.read_txt(pairs)
    written = {key.encode(): value.encode() for key, value in discovery.write_txt(found).items()}
    _same(found, discovery.read_txt(written))
    return "announced"


def _verifier(data: bytes) -> Outcome:
    """With a PIN that is none: what is stored must never be an error or a right PIN."""
    return pin_verifier.is_right("\x00", _text(data).replace("$16384$", "$2$"))


# --- barcodes ------------------------------------------------------------------------------------


def _scan(aim: bool, sends_fnc1: bool) -> Callable[[bytes], Outcome]:
    def read(data: bytes) -> Outcome:
        found = classify(RawScan(_text(data)), aim=aim, sends_fnc1=sends_fnc1)
        return type(found).__name__, tuple(ai for ai, _ in getattr(found, "elements", ()))

    return read


def _elements(data: bytes) -> Outcome:
    reading = read_element_string(_text(data))
    _same(reading.elements, read_element_string(element_string(reading.elements)).elements)
    return tuple(ai for ai, _ in reading.elements)


def _bracketed(data: bytes) -> Outcome:
    elements = read_bracketed(_text(data))
    _same(elements, read_bracketed(bracketed(elements)))
    check_associations(elements)
    return tuple(ai for ai, _ in elements)


def _link(data: bytes) -> Outcome:
    elements = read_digital_link(_text(data))
    written = digital_link(elements)
    _same(sorted(elements), sorted(read_digital_link(written)))
    return tuple(ai for ai, _ in elements)


def _own_label(data: bytes) -> Outcome:
    return type(read_label(_text(data))).__name__


def _repaired_label(data: bytes) -> bytes:
    code = data.decode("latin-1")[2:].rpartition(".")[0]
    try:
        return data[:2] + f"{code}.{check_digits(code)}".encode()
    except ProtocolsError:
        return data


def _gtin(data: bytes) -> Outcome:
    return len(gtin14(_text(data)))


def _frames(data: bytes) -> Outcome:
    """Every framing, at once and byte by byte: the same scans."""
    data, seen = data[:80], []
    for framing in Framing:
        whole, slowly = Framer(framing, 64), Framer(framing, 64)
        frames = whole.feed(data)
        _same(frames, [frame for byte in data for frame in slowly.feed(bytes([byte]))])
        seen.append(min(3, len(frames)))
    return tuple(seen)


# --- the list ------------------------------------------------------------------------------------

_SECRET = bytes(range(enrolment.SECRET_BYTES))
_CODE = enrolment.write_code(
    enrolment.EnrolmentCode(
        "w1", "hh-1", _SECRET, enrolment.authority_fingerprint(b"key"),
        (enrolment.Address("192.168.1.5", 8080), enrolment.Address("fe80::1", 8080)),
    )
)  # fmt: skip
_REQUEST = enrolment.EnrolmentRequest(1, "w1", "hh-1", enrolment.write_secret(_SECRET), "-----")
_ANSWER = enrolment.EnrolmentAnswer(
    1, "w1", "hh-1", "handheld", "-----", "-----", "a1", ("hub.local:8883",), "e1"
)
_GS1 = (
    b"]d201095060001343521726123110ABC\x1d2112345", b"0109506000134352", b"9506000134352",
    b"]C10012345678901234567891", b"(01)09506000134352(17)261231(10)ABC(21)12345",
    b"https://id.gs1.org/01/09506000134352/10/ABC/21/12345?17=261231", b"]E09506000134352",
    b"https://example.com/some/path/414/9506000134352/254/1A?3103=000189",
    bin_label("B-14").encode(),
)  # fmt: skip
_SCANS = (*_GS1, b"%BB-14-03-2.62", b"%TT-0042.51", b"%UMARIA.92", b"%CSHORT.25", _CODE.encode())
_JSON = (b"{}", b'{"v":1}', b'{"v":1,"at":1,"epoch":"a","seq":1}')

TARGETS: Final[tuple[Target, ...]] = (
    Target("event", _event, _JSON),
    *(Target(f"message-{name}", _message(kind), _JSON) for name, kind in CHANNEL_TYPES.items()),
    Target("enrolment-request", _body(enrolment.EnrolmentRequest), (encode(_REQUEST),)),
    Target("enrolment-answer", _body(enrolment.EnrolmentAnswer), (encode(_ANSWER),)),
    Target("enrolment-code", _code, (_CODE.encode(),), _repaired_code),
    Target("address", _address, (b"hub.local:8080", b"[fe80::1]:1", b"10.0.0.1:65535")),
    Target("announcement", _txt, (b"v=1\nsite=w1\nhub=a\nfp=B",)),
    Target("topic", _topic, (b"bw/1/w1/dev/hh-1/evt", b"bw/1/w1/hub/state")),
    Target("pin-verifier", _verifier, (b"scrypt$2$AAAA$AAAA", b"")),
    Target("scan", _scan(aim=False, sends_fnc1=False), _SCANS),
    Target("scan-with-aim", _scan(aim=True, sends_fnc1=True), _SCANS),
    Target("element-string", _elements, _GS1),
    Target("bracketed", _bracketed, _GS1),
    Target("digital-link", _link, _GS1),
    Target("label", _own_label, _SCANS, _repaired_label),
    Target("gtin", _gtin, (b"9506000134352", b"4006381333931", b"12345670")),
    Target("frames", _frames, (b"abc\rdef\n", b"\x02abc\x03\x02def\x03", b"abc\tdef\r\n")),
)
