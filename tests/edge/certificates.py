"""A hub's authority for tests about devices: the hub's own code signs, in memory or in a folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from edge.identity.keys import make_key, request_for
from edge.identity.record import Identity, KeyPair
from hub.clock import FixedClock
from hub.identity.authority import Authority, read_request
from hub.identity.tls import ensure_certificates

NOW_US = 1_767_600_000_000_000
SITE, DEVICE = "main", "h1"


class TestHub:
    """The hub's certificates in a folder, and what it grants."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        ensure_certificates(folder, FixedClock(NOW_US), "127.0.0.1")
        self.folder = folder
        self.authority = Authority.open(folder)

    def grant(self, csr: str, device: str = DEVICE) -> str:
        """A certificate for a request."""
        key = read_request(csr, device)
        return self.authority.sign_device(key, SITE, device, secrets.token_bytes(16), NOW_US).pem

    def pair(self, device: str = DEVICE) -> KeyPair:
        """A key and its certificate."""
        key = make_key()
        return KeyPair(key, self.grant(request_for(key, device), device))

    def identity(self, *brokers: str, device: str = DEVICE) -> Identity:
        """What a device would have after enrolling."""
        return Identity(
            SITE, device, "handheld", self.authority.hub_id, self.authority.pem, brokers,
            self.pair(device),
        )  # fmt: skip

    def revoke(self, *serials: str) -> None:
        """Write the list of revoked certificates."""
        (self.folder / "crl.pem").write_bytes(self.authority.revocation_list(list(serials)))
