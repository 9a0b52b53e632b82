"""A device asks for another certificate over its connection. Owns the answer to that ask.

The same key gets the same certificate again, since an answer may be lost; another key gets one when
the hub asked for it, or in the second half of the present one's life. Signing needs the hub's
CA key and much memory, so whoever builds the gateway passes a signer that loads both when asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.device_gateway.group import Group
from hub.devices import queries
from hub.devices.acts import RenewDeviceCertificate
from hub.devices.rules import may_renew
from hub.errors import HubError
from hub.identity.announced import NoAuthority
from hub.journal import Act
from protocols.messages.asking import Answer, Ask

if TYPE_CHECKING:
    from hub.identity.authority import Signed

Signer = Callable[[str, str, int], "Signed"]
"""(device, request in PEM, now in µs); raises BadCsr."""


class RenewalNotAsked(HubError):
    """A device wants another key before its time; every serial is kept for good."""

    code = "RENEWAL_NOT_ASKED"

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(f"{device} was not asked to renew its certificate, and it is not time.")


class Renewals:
    """Certificates for devices that have one."""

    def __init__(self, site: str, signer: Signer | None) -> None:
        self._site, self._signer = site, signer

    def answer(self, group: Group, device: str, ask: Ask) -> Answer:
        """The certificate in the same transaction as its row; a refusal says why there is none."""
        try:
            return Answer(v=1, found=True, certificate=self._certificate(group, device, ask.csr))
        except HubError as refusal:
            return Answer(v=1, found=False, text=str(refusal)[:500], code=refusal.code)

    def _certificate(self, group: Group, device: str, csr: str) -> str:
        if self._signer is None:
            raise NoAuthority
        signed = self._signer(device, csr, group.tx.now_us)
        group.tx.flush()
        known = queries.good_certificate(group.tx, self._site, device, signed.key_fingerprint)
        if known is not None:
            return known
        if not may_renew(queries.held_certificates(group.tx, self._site, device), group.tx.now_us):
            raise RenewalNotAsked(device)
        wanted = RenewDeviceCertificate(
            device, csr, signed.serial, signed.pem, signed.key_fingerprint, signed.expires_at
        )
        act = Act(
            group.tx, wanted.ACT, site=self._site, key=f"{device}/certificate/{signed.serial}",
            via="device", device=device,
        )  # fmt: skip
        wanted.carry_out(act)
        act.enter_command(wanted)
        return signed.pem
