"""The envelope of business events: bytes ↔ values. Owns what every event has in common.

The raw payload is what the hub stores, so fields that this version does not know survive.
The key of an event is (device, epoch, seq): see docs/protocol.md, "Exactly once".
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

import msgspec

from protocols.errors import (
    MalformedPayload,
    OversizedPayload,
    UnknownMessageType,
    UnsupportedVersion,
    WrongDevice,
)
from protocols.limits import EVENT_BYTES_MAX, SEQ_MAX
from protocols.messages.events import EVENT_TYPES, EventData

VERSION: Final = 1
VERSIONS_SPOKEN: Final = (1,)

TimeQuality = Literal["synced", "estimated", "unknown"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One business event as it travels on `dev/{dev}/evt`."""

    v: int
    dev: str
    epoch: str
    boot: int
    seq: int
    at: int
    """Corrected device time, microseconds UTC."""
    at_quality: TimeQuality
    mono_ms: int
    """The device's CLOCK_BOOTTIME in milliseconds."""
    type: str
    data: msgspec.Raw
    actor: str | None = None
    """Id of the person, 32 hexadecimal digits."""
    assignment: str | None = None
    rev: int | None = None
    """The revision of the assignment that was worked on."""


_event_decoder: Final = msgspec.json.Decoder(Event)
_encoder: Final = msgspec.json.Encoder()
_data_decoders: Final = {name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()}


def encode_event(event: Event) -> bytes:
    """The bytes that travel and that both sides store."""
    return _encoder.encode(event)


def encode_data(data: EventData) -> msgspec.Raw:
    """The `data` member of an envelope."""
    return msgspec.Raw(_encoder.encode(data))


def payload_digest(payload: bytes) -> bytes:
    """What tells two events with one key apart: 16 bytes of BLAKE2b over the raw payload."""
    return blake2b(payload, digest_size=16).digest()


def decode_event(payload: bytes, device: str | None = None) -> Event:
    """Read the envelope alone; `device` is what the topic says.

    Raises OversizedPayload, MalformedPayload, UnsupportedVersion, WrongDevice.
    """
    if len(payload) > EVENT_BYTES_MAX:
        raise OversizedPayload(len(payload), EVENT_BYTES_MAX)
    try:
        event = _event_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload(str(wrong)) from wrong
    if event.v not in VERSIONS_SPOKEN:
        raise UnsupportedVersion(event.v)
    if device is not None and event.dev != device:
        raise WrongDevice(device, event.dev)
    if not 1 <= event.seq <= SEQ_MAX:
        raise MalformedPayload(f"seq {event.seq} is outside 1 to {SEQ_MAX}")
    return event


def decode_data(event: Event) -> EventData:
    """Read what happened; raises UnknownMessageType, MalformedPayload."""
    decoder = _data_decoders.get(event.type)
    if decoder is None:
        raise UnknownMessageType(event.type)
    try:
        return decoder.decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload(f"{event.type}: {wrong}") from wrong
