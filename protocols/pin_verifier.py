"""PINs as salted scrypt verifiers (RFC 7914): made by the hub, checked by a device with no network.

A PIN is short, so the verifier slows guessing down but does not stop it; the lock-out does.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import scrypt
from hmac import compare_digest
from typing import Final

from protocols.errors import ProtocolsError

COST: Final = 2**13
"""About 20 ms on a Raspberry Pi 4, 8 MiB of memory."""
COST_MAX: Final = 2**14
"""More would keep a device busy for seconds; scrypt's own limits begin a little higher."""
BLOCK: Final = 8
DIGEST_BYTES: Final = 24
PIN_DIGITS_MIN: Final = 4
PIN_DIGITS_MAX: Final = 12


class BadPin(ProtocolsError):
    code = "BAD_PIN"

    def __init__(self) -> None:
        super().__init__(f"A PIN has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits and nothing else.")


def make(pin: str, salt: bytes) -> str:
    """The text that proves a PIN without telling it: `scrypt$cost$salt$digest`."""
    if not (pin.isascii() and pin.isdigit() and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX):
        raise BadPin
    return f"scrypt${COST}${_text(salt)}${_text(_digest(pin, salt, COST))}"


def is_right(pin: str, verifier: str) -> bool:
    """Whether the PIN is the one that the verifier was made from; False for a broken verifier."""
    try:
        kind, cost, salt, digest = verifier.split("$")
        if not 2 <= int(cost) <= COST_MAX:
            return False
        expected = b64decode(digest, validate=True)
        found = _digest(pin, b64decode(salt, validate=True), int(cost))
    except ValueError:
        return False
    return kind == "scrypt" and compare_digest(expected, found)


def _digest(pin: str, salt: bytes, cost: int) -> bytes:
    return scrypt(pin.encode(), salt=salt, n=cost, r=BLOCK, p=1, dklen=DIGEST_BYTES)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
