"""Codes that change every thirty seconds (TOTP, RFC 6238), and how a telephone is told of them.

Pure: no database, no clock, no dice. What becomes of a right or wrong code is `second_factor`'s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote, urlencode

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
"""160 bits, as long as the hash (RFC 4226, section 4)."""
DRIFT_STEPS: Final = 1
"""A code of the step before or after is good: telephones and people are late."""


def new_secret(random: bytes) -> str:
    """SECRET_BYTES of dice as a person can type them: 32 signs of base 32."""
    return base64.b32encode(random).decode("ascii")


def step_at(now_us: int) -> int:
    """How many steps have begun since 1970."""
    return now_us // (STEP_S * 1_000_000)


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226, section 5.3). Raises ValueError when the secret is none."""
    key = base64.b32decode(secret)
    mac = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).rjust(digits, "0")


def step_of(secret: str, code: str, now_us: int) -> int | None:
    """The step that a code belongs to, or None for a wrong one. Takes as long either way."""
    now = step_at(now_us)
    near = range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1)
    typed = code.encode("utf-8", "replace")
    right = [step for step in near if hmac.compare_digest(code_at(secret, step).encode(), typed)]
    return max(right, default=None)


def address(secret: str, account: str, issuer: str) -> str:
    """What the picture says that an authenticator scans (the Key URI Format)."""
    label = quote(f"{issuer}:{account}", safe="")
    values = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{values}"


def grouped(secret: str) -> str:
    """The secret in fours, for whoever types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
