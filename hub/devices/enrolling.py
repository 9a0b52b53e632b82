"""A device comes with a code, or asks for another certificate: checked, signed, entered.

Owns the way from a posted request to a certificate. Signing happens here, before the act; what an
act does follows from its input. Rows are `enrolment`'s.
"""

from __future__ import annotations

from base64 import b32decode
from binascii import Error
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from hub.devices import enrolment, queries
from hub.devices.acts import EnrolDevice, NoteWrongCode, OfferCode
from hub.devices.rules import CODE_LIFE_US, WRONG_TRIES_MAX, is_guess, judge_code
from hub.errors import HubError
from hub.journal import Journal, Via
from hub.security_events import NoteSights, Sight, is_news, note_beside
from protocols.enrolment import SECRET_BYTES, EnrolmentAnswer, EnrolmentRequest, write_address

if TYPE_CHECKING:
    from hub.identity.announced import HubIdentity
    from hub.identity.authority import DeviceKey, Signed

RandomBytes = Callable[[int], bytes]
SERIAL_BYTES: Final = 16


class WrongSite(HubError):
    code = "WRONG_SITE"

    def __init__(self, site: str) -> None:
        self.site = site
        super().__init__(f"This is not the hub of the site {site!r}.")


def digest_of(secret: bytes) -> bytes:
    """What the hub keeps of a code's secret: 80 random bits need no slow hash."""
    return sha256(secret).digest()


def new_offer(device: str, now_us: int, random_bytes: RandomBytes) -> tuple[bytes, OfferCode]:
    """A fresh secret, and the command that makes it good for CODE_LIFE_US."""
    secret = random_bytes(SECRET_BYTES)
    return secret, OfferCode(device, digest_of(secret), now_us + CODE_LIFE_US)


class Enrolling:
    """Takes requests for one site."""

    def __init__(
        self, journal: Journal, identity: HubIdentity, random_bytes: RandomBytes,
        hub_epoch: str = "",
    ) -> None:  # fmt: skip
        self._journal, self._identity, self._random_bytes = journal, identity, random_bytes
        self._site, self._hub_epoch = identity.site, hub_epoch

    def enrol(self, request: EnrolmentRequest, address: str, via: Via = "api") -> EnrolmentAnswer:
        """Grant a certificate for a code, or the same again to whoever lost the reply.

        Raises BadCsr, CodeRefused, WrongSite; each refusal is a security event, and a wrong secret
        brings the code nearer to its end.
        """
        from hub.identity.authority import read_request

        if request.site != self._site:
            raise WrongSite(request.site)
        try:
            key = read_request(request.csr, request.device)
            pem = self._judged(request, key, via)
        except HubError as refusal:
            self._note_refusal(request.device, refusal, address, via)
            raise
        return self._answer(request.device, pem)

    def _judged(self, request: EnrolmentRequest, key: DeviceKey, via: Via) -> str:
        digest, now_us = digest_of(_secret(request.secret)), self._journal.clock.now_us()
        code = queries.code_facts(self._site, request.device)
        if code is not None and is_guess(code, digest, now_us):
            self._journal.carry_out(NoteWrongCode(request.device), site=self._site, via=via)
        verdict = judge_code(code, digest, key.fingerprint, now_us)
        if verdict == "AGAIN":
            return queries.certificate_of_code(self._site, request.device)
        if verdict != "GRANT":
            raise enrolment.REFUSALS[verdict](request.device)
        return self._grant(request, key, digest, via)

    def _grant(self, request: EnrolmentRequest, key: DeviceKey, digest: bytes, via: Via) -> str:
        signed = self._sign(request.device, key)
        self._journal.carry_out(
            EnrolDevice(
                request.device, digest, request.csr, signed.serial, signed.pem,
                signed.key_fingerprint, signed.expires_at,
            ),
            site=self._site, via=via,
        )  # fmt: skip
        return signed.pem

    def _sign(self, device: str, key: DeviceKey) -> Signed:
        now_us = self._journal.clock.now_us()
        serial = self._random_bytes(SERIAL_BYTES)
        return self._identity.authority().sign_device(key, self._site, device, serial, now_us)

    def _answer(self, device: str, pem: str) -> EnrolmentAnswer:
        authority, row = self._identity.authority(), queries.device(self._site, device)
        return EnrolmentAnswer(
            v=1, site=self._site, device=device, kind=row.kind, certificate=pem,
            authority=authority.pem, hub_id=authority.hub_id,
            brokers=tuple(write_address(address) for address in self._identity.brokers()),
            hub_epoch=self._hub_epoch,
        )  # fmt: skip

    def _note_refusal(self, device: str, refusal: HubError, address: str, via: Via) -> None:
        """An act only where a supervisor has to hear of it: strangers can cause all others as often
        as they like.
        """
        row = queries.code_facts(self._site, device)
        is_burnt = row is not None and row.state == "BURNT"
        sight = Sight(
            "ENROLMENT_REFUSED", self._journal.clock.now_us(), device if row else "", address,
            alerts=is_burnt or refusal.code in {"CODE_USED", "CODE_BURNT"},
            values={"code": refusal.code, "tries_max": str(WRONG_TRIES_MAX)},
        )  # fmt: skip
        if sight.alerts and is_news(self._site, sight.kind, sight.subject, sight.at):
            self._journal.carry_out(NoteSights((sight,)), site=self._site, via=via)
        else:
            note_beside(self._journal, self._site, replace(sight, alerts=False))


def _secret(text: str) -> bytes:
    """What cannot be a secret is a wrong one."""
    try:
        return b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except (Error, ValueError):
        return b""
