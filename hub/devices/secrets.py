"""Passwords of devices: made by us, kept only as mosquitto's own hash. Owns that format."""

from __future__ import annotations

import base64
from hashlib import pbkdf2_hmac
from typing import Final

ITERATIONS: Final = 101
"""mosquitto's own default: passwords are 120 random bits, which no number of rounds improves."""
SALT_BYTES: Final = 12
PASSWORD_BYTES: Final = 15


def hashed(password: str, salt: bytes) -> str:
    """A password as mosquitto's files hold it (its type 7: PBKDF2 with SHA-512)."""
    digest = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"$7${ITERATIONS}${'$'.join(parts)}"


def written(random_bytes: bytes) -> str:
    """Random bytes in letters and digits that people can type."""
    return base64.b32encode(random_bytes).decode().lower().rstrip("=")
