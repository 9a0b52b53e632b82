"""Ids of rows: 16 bytes, ordered by time. Owns how they are made and written.

An id is derived from the key of the act that makes the row, so a replay makes the same ids;
keys of commands are themselves random (UUIDv7 from the passed clock and random numbers).
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random

NIL = bytes(16)


def new_key(now_us: int, random: Random) -> str:
    """A fresh command key: UUIDv7 (RFC 9562 §5.7) as 32 hexadecimal digits."""
    return _stamp(now_us, random.randbytes(10), version=7).hex()


def derive(key: str, n: int, now_us: int) -> bytes:
    """The n-th id of an act: its moment, then a digest of key and n (RFC 9562 §5.8, UUIDv8)."""
    digest = blake2b(f"{key}|{n}".encode(), digest_size=10).digest()
    return _stamp(now_us, digest, version=8)


def digest_id(*texts: str, raw: bytes = b"") -> bytes:
    """An id that is nothing but its parts, for rows that exist once for each combination.

    Texts are joined by NUL; `raw` is ids or digests of fixed length, one after the other.
    """
    return blake2b("\0".join(texts).encode() + b"\0" + raw, digest_size=16).digest()


def _stamp(now_us: int, tail: bytes, version: int) -> bytes:
    body = bytearray((now_us // 1_000).to_bytes(6, "big") + tail)
    body[6] = (body[6] & 0x0F) | (version << 4)
    body[8] = (body[8] & 0x3F) | 0x80
    return bytes(body)
