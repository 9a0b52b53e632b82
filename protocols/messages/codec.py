"""Bytes ↔ messages of every channel but `evt`. Knows none of them; refuses what is none."""

from __future__ import annotations

from functools import cache
from typing import Final, TypeVar

import msgspec

from protocols.errors import MalformedPayload, OversizedPayload, UnsupportedVersion
from protocols.limits import PAYLOAD_BYTES_MAX

T = TypeVar("T", bound=msgspec.Struct)

_encoder: Final = msgspec.json.Encoder()


@cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind)


def encode(message: msgspec.Struct) -> bytes:
    """The bytes of a message of any channel."""
    return _encoder.encode(message)


def decode(kind: type[T], payload: bytes) -> T:
    """Read one message; raises OversizedPayload, MalformedPayload, UnsupportedVersion."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise OversizedPayload(len(payload), PAYLOAD_BYTES_MAX)
    try:
        message: T = _decoder(kind).decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload(f"{kind.__name__}: {wrong}") from wrong
    version = getattr(message, "v", 1)
    if version != 1:
        raise UnsupportedVersion(version)
    return message
