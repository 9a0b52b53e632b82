"""A new key before the old certificate ends. Pure: what the link core asks, and when it asks again.

Owns the course of a renewal; the identity's store keeps each step, so that a restart goes on where
it was: a key without certificate is asked for again, a certificate without connection is tried.
The old pair stays until the new one has connected.
"""

from __future__ import annotations

from typing import Final, Protocol

from edge.clock import Now
from edge.errors import CertificateUnusable, IdentityUnusable
from edge.identity.keys import check_certificate, request_for
from edge.identity.record import Identity
from protocols.messages.asking import Answer, Ask

ASK_AGAIN_MS: Final = 5_000
ASK_AGAIN_MAX_MS: Final = 600_000


class RenewalStore(Protocol):
    """The steps of `IdentityStore` that a renewal takes."""

    @property
    def identity(self) -> Identity | None: ...

    def begin_renewal(self) -> None: ...

    def take_next(self, certificate: str) -> None: ...

    def drop_next(self) -> None: ...


class Renewal:
    """One device's renewals, one after another."""

    def __init__(self, store: RenewalStore) -> None:
        self._store = store
        self._pause_ms = ASK_AGAIN_MS
        self.next_wakeup_ms: int | None = 0 if self._is_asking else None
        """When `tick` has something to ask; None while nothing is to be renewed."""

    def begin(self, now: Now) -> bool:
        """The hub wants it. May be repeated; False when the new key could not be kept."""
        try:
            self._store.begin_renewal()
        except IdentityUnusable:
            return False
        self._begin_asking(now)
        return True

    def connected(self, now: Now) -> None:
        """Another connection: what was asked on the one before may be lost."""
        self._begin_asking(now)

    def tick(self, now: Now) -> Ask | None:
        """The question, if it is time to ask it."""
        if self.next_wakeup_ms is None or now.mono_ms < self.next_wakeup_ms:
            return None
        identity = self._store.identity
        if identity is None or not self._is_asking:
            self.next_wakeup_ms = None
            return None
        self.next_wakeup_ms = now.mono_ms + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, ASK_AGAIN_MAX_MS)
        return Ask(v=1, kind="CERTIFICATE", csr=request_for(identity.next_key, identity.device))

    def answered(self, answer: Answer) -> bool:
        """Whether there is a new certificate to connect with.

        A refusal ends the renewal: the hub commands another when it wants one. What is granted and
        does not fit is not taken, and asked for again.
        """
        identity = self._store.identity
        if identity is None or not self._is_asking:
            return False
        try:
            if not answer.found:
                self._store.drop_next()
                return False
            certificate, device = answer.certificate, identity.device
            check_certificate(certificate, identity.next_key, device, identity.authority)
            self._store.take_next(certificate)
        except (CertificateUnusable, IdentityUnusable):
            return False
        return True

    def _begin_asking(self, now: Now) -> None:
        self._pause_ms = ASK_AGAIN_MS
        self.next_wakeup_ms = now.mono_ms if self._is_asking else None

    @property
    def _is_asking(self) -> bool:
        identity = self._store.identity
        return identity is not None and bool(identity.next_key) and not identity.next_certificate
