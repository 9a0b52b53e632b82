"""Passwords as Argon2id hashes, PINs as verifiers, one-time passwords and recovery codes. Owns the
cost; knows no person.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from protocols import pin_verifier

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""19 MiB, as OWASP's Password Storage Cheat Sheet asks for at least; about 30 ms."""
_ONE_TIME_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ONE_TIME_GROUPS: Final = 4
_RECOVERY_GROUPS: Final = 5
_SALT_BYTES: Final = 12


def hashed(password: str) -> str:
    """The hash to store. Costs about 30 ms, so call it before a transaction, not inside."""
    return _hasher.hash(password)


def pin_proof(pin: str) -> str:
    """What devices check a PIN against. About 30 ms: outside of transactions. Raises BadPin."""
    return pin_verifier.make(pin, secrets.token_bytes(_SALT_BYTES))


def is_right(password: str, stored: str) -> bool:
    """Whether this is the password; with no stored hash it takes as long and says no."""
    try:
        return _hasher.verify(stored or _nobodys(), password) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe())


def one_time() -> str:
    """A password to read out and type once: 80 bits, no signs that look alike."""
    return _groups(_ONE_TIME_GROUPS, 4)


def recovery_code() -> str:
    """A way in without the telephone, to be kept on paper: 125 bits."""
    return _groups(_RECOVERY_GROUPS, 5)


def _groups(count: int, signs: int) -> str:
    return "-".join(
        "".join(secrets.choice(_ONE_TIME_SIGNS) for _ in range(signs)) for _ in range(count)
    )
