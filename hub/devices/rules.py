"""Decisions about enrolment: what a posted code is good for. Pure: no database, clock or dice."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import Final, Literal, NamedTuple

CODE_LIFE_US: Final = 30 * 60 * 1_000_000
WRONG_TRIES_MAX: Final = 5
RENEW_AT: Final = 0.5
"""The part of its life after which a certificate is renewed."""
WARN_BEFORE_US: Final = 90 * 86_400 * 1_000_000
"""So long before its end a person reads about a certificate that was not renewed."""

Verdict = Literal["GRANT", "AGAIN", "CODE_UNKNOWN", "CODE_USED", "CODE_EXPIRED", "CODE_BURNT"]


class CodeFacts(NamedTuple):
    """A code as the hub keeps it."""

    digest: bytes
    state: str
    expires_at: int
    key_fingerprint: str
    """Of the certificate that it was used for."""


class Held(NamedTuple):
    """A good certificate of a device; moments in µs UTC."""

    issued_at: int
    expires_at: int
    was_asked: bool


def judge_code(code: CodeFacts | None, digest: bytes, key_fingerprint: str, now_us: int) -> Verdict:
    """Whether a secret gets a certificate, the same one AGAIN since a reply may have been lost, or
    nothing. Whoever does not know the secret learns nothing about the code.
    """
    if code is None or code.digest != digest or code.state == "WITHDRAWN":
        return "CODE_UNKNOWN"
    if code.state == "BURNT":
        return "CODE_BURNT"
    if code.state == "USED" and code.key_fingerprint != key_fingerprint:
        return "CODE_USED"
    if code.expires_at <= now_us:
        return "CODE_EXPIRED"
    return "AGAIN" if code.state == "USED" else "GRANT"


def is_guess(code: CodeFacts, digest: bytes, now_us: int) -> bool:
    """Whether somebody tries another secret than that of a code which is good still: such a try
    counts, and after WRONG_TRIES_MAX of them there is nothing left to guess at.
    """
    is_good = code.state == "OPEN" and code.expires_at > now_us
    return is_good and not compare_digest(code.digest, digest)


def unsent(told: int, seq: int, upto: int, *, is_clear: bool) -> int:
    """Events that a device still has to send: as it told when its last number was `seq`, less what
    arrived since. While events of an older epoch may be on their way (not `is_clear`), as it told.
    """
    return min(told, max(0, seq - upto)) if is_clear else told


def is_renewal_due(issued_at: int, expires_at: int, now_us: int) -> bool:
    """Less than half of its life remains."""
    return now_us - issued_at >= (expires_at - issued_at) * RENEW_AT


def may_renew(held: Iterable[Held], now_us: int) -> bool:
    """Whether a device may have another certificate: it was asked to, or one that it holds is past
    half its life. One that it was given and has not used yet takes neither away: its key may be
    lost.
    """
    return any(
        one.was_asked or is_renewal_due(one.issued_at, one.expires_at, now_us) for one in held
    )
