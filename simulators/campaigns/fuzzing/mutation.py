"""New inputs out of known ones, by seed. Pure: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

BYTES_MAX: Final = 2_000
"""Longer inputs cost time and show nothing that these do not; a few are made far longer."""
LONG_BYTES: Final = 300_000
LONG_ONE_IN: Final = 20_000
STEPS_MAX: Final = 4
BOUNDARIES: Final = (
    b"0", b"-1", b"127", b"255", b"65536", b"2147483648", b"9223372036854775807",
    b"9223372036854775808", b"1e400", b"-0", b"1.5", b"null", b"true", b"[]", b"{}", b'""',
    b"\x1d", b"]d2", b"]C1", b"]Q3", b"(01)", b"(", b")", b"%", b"%25", b"%1D", b"%E", b"%B", b".",
    b"..", b"/01/", b"?", b"&", b"=", b"#", b"\x00", b"\xff", b"\xc3\x28", "ß".encode(),
    "\u212a".encode(), "\u0661".encode(), b"\xed\xa0\x80", b"\r", b"\n", b"\t", b"\x02", b"\x03",
)  # fmt: skip
"""Where decoders tend to break: limits of integers, GS1's signs, broken and odd Unicode (a Kelvin
sign lower-cases to k, an Arabic one is a digit), and every terminator."""

Step = Callable[[Random, bytearray, Sequence[bytes]], None]


def mutated(chance: Random, corpus: Sequence[bytes]) -> bytes:
    """One new input; `corpus` must not be empty."""
    made = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, STEPS_MAX)):
        chance.choice(_STEPS)(chance, made, corpus)
    if chance.randrange(LONG_ONE_IN) == 0:
        made *= LONG_BYTES // (len(made) + 1) + 1
        return bytes(made)
    return bytes(made[:BYTES_MAX])


def _spot(chance: Random, made: bytearray) -> int:
    return chance.randint(0, len(made))


def _part(chance: Random, source: bytes | bytearray) -> bytes:
    start = chance.randint(0, len(source))
    return bytes(source[start : start + chance.randint(0, 24)])


def _flip(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    if made:
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)


def _replace(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    if made:
        made[chance.randrange(len(made))] = chance.randrange(256)


def _as_digit(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    if made:
        made[chance.randrange(len(made))] = chance.choice(b"0123456789")


def _insert_boundary(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    at = _spot(chance, made)
    made[at:at] = chance.choice(BOUNDARIES)


def _overwrite_boundary(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    at, put = _spot(chance, made), chance.choice(BOUNDARIES)
    made[at : at + len(put)] = put


def _cut(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    at = _spot(chance, made)
    del made[at : at + chance.randint(1, 24)]


def _cut_off(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    del made[_spot(chance, made) :]


def _repeat(chance: Random, made: bytearray, _corpus: Sequence[bytes]) -> None:
    at = _spot(chance, made)
    made[at:at] = _part(chance, made) * chance.randint(1, 4)


def _splice(chance: Random, made: bytearray, corpus: Sequence[bytes]) -> None:
    at = _spot(chance, made)
    made[at : at + chance.randint(0, 24)] = _part(chance, chance.choice(corpus))


def _cross(chance: Random, made: bytearray, corpus: Sequence[bytes]) -> None:
    other = chance.choice(corpus)
    del made[_spot(chance, made) :]
    made += other[chance.randint(0, len(other)) :]


_STEPS: Final[tuple[Step, ...]] = (
    _flip, _replace, _as_digit, _insert_boundary, _overwrite_boundary, _cut, _cut_off, _repeat,
    _splice, _cross,
)  # fmt: skip
