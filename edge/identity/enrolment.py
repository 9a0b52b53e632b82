"""From a scanned code to an enrolled device. Owns the order of the steps and every refusal.

The hub's certificate is fetched before anybody is trusted, and compared with the code; only then
does the device say something, over a connection that this certificate alone can hold. The key is
on the disk before it is asked for, so the same code asks with the same key however often the reply
is lost or the power cut. Waits for the network: it runs in a thread (`enrolment_port.py`).
"""

from __future__ import annotations

import http.client
import ssl
from typing import Final, NamedTuple

from edge.errors import (
    CertificateUnusable,
    EdgeError,
    EnrolmentAnswerUnusable,
    EnrolmentRefused,
    HubIsAnother,
    HubUnreachable,
)
from edge.identity.keys import check_certificate, fingerprint, request_for
from edge.identity.record import Identity, IdentityStore, KeyPair, read_addresses
from edge.link.pinned_tls import pinned_context, unverified_context
from protocols.enrolment import (
    AUTHORITY_PATH,
    BODY_BYTES_MAX,
    ENROLMENTS_PATH,
    Address,
    EnrolmentAnswer,
    EnrolmentCode,
    EnrolmentRefusal,
    EnrolmentRequest,
    decode_body,
    encode_body,
    write_address,
    write_secret,
)
from protocols.errors import ProtocolsError

TIMEOUT_S: Final = 5.0
CREATED: Final = 201
BROKEN_FROM: Final = 500
JSON: Final = {"Content-Type": "application/json"}


class Reply(NamedTuple):
    """What an HTTPS server answered."""

    status: int
    body: bytes


def enrol(code: EnrolmentCode, store: IdentityStore) -> Identity:
    """Become the device of this code. May be repeated until it worked, and after a power cut.

    Raises HubUnreachable, HubIsAnother, EnrolmentRefused, EnrolmentAnswerUnusable,
    IdentityUnusable. The device is then what it was before.
    """
    key = store.begin(code)
    trouble: EdgeError | None = None
    for address in code.addresses:
        try:
            identity = _enrol_at(address, code, key)
        except (HubUnreachable, HubIsAnother) as wrong:
            trouble = _graver(trouble, wrong, code)
            continue
        store.adopt(identity)
        return identity
    raise trouble or HubUnreachable((), "the code names no address")


def _enrol_at(address: Address, code: EnrolmentCode, key: str) -> Identity:
    authority = _authority_at(address, code)
    request = EnrolmentRequest(
        v=1,
        site=code.site,
        device=code.device,
        secret=write_secret(code.secret),
        csr=request_for(key, code.device),
    )
    context = pinned_context(authority)
    reply = _fetch(address, context, ENROLMENTS_PATH, encode_body(request))
    if reply.status >= BROKEN_FROM:
        raise HubUnreachable((write_address(address),), f"status {reply.status}")
    if reply.status != CREATED:
        raise _refusal(reply)
    return _granted(reply, code, key, authority)


def _authority_at(address: Address, code: EnrolmentCode) -> str:
    """The CA certificate that is shown there, if it is the code's."""
    reply = _fetch(address, unverified_context(), AUTHORITY_PATH, None)
    where = write_address(address)
    try:
        authority = reply.body.decode("ascii")
        found = fingerprint(authority)
    except (UnicodeDecodeError, CertificateUnusable) as wrong:
        raise HubUnreachable((where,), "it is no hub") from wrong
    if found != code.authority:
        raise HubIsAnother(where, found)
    return authority


def _granted(reply: Reply, code: EnrolmentCode, key: str, authority: str) -> Identity:
    """The identity in the answer, after a look at whether it is ours."""
    try:
        answer = decode_body(EnrolmentAnswer, reply.body)
        read_addresses(answer.brokers)
        if (answer.site, answer.device) != (code.site, code.device) or not answer.brokers:
            raise EnrolmentAnswerUnusable("it is for another device, or names no broker")
        check_certificate(answer.certificate, key, code.device, authority)
    except (ProtocolsError, CertificateUnusable) as wrong:
        raise EnrolmentAnswerUnusable(str(wrong)) from wrong
    return Identity(
        site=answer.site,
        device=answer.device,
        kind=answer.kind,
        hub_id=answer.hub_id,
        authority=authority,
        brokers=answer.brokers,
        pair=KeyPair(key, answer.certificate),
    )


def _refusal(reply: Reply) -> EnrolmentRefused:
    try:
        refusal = decode_body(EnrolmentRefusal, reply.body)
    except ProtocolsError:
        return EnrolmentRefused(f"HTTP_{reply.status}", "")
    return EnrolmentRefused(refusal.code, refusal.text)


def _graver(
    before: EdgeError | None, now: HubUnreachable | HubIsAnother, code: EnrolmentCode
) -> EdgeError:
    """Somebody with another key matters more than an address where nobody answers."""
    if isinstance(before, HubIsAnother):
        return before
    if isinstance(now, HubIsAnother):
        return now
    return HubUnreachable(tuple(map(write_address, code.addresses)), now.reason)


def _fetch(address: Address, context: ssl.SSLContext, path: str, body: bytes | None) -> Reply:
    """One request. A certificate that fails is another hub's; all else is nobody there."""
    where = write_address(address)
    host, port = address
    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("GET" if body is None else "POST", path, body, JSON if body else {})
        response = connection.getresponse()
        return Reply(response.status, response.read(BODY_BYTES_MAX + 1))
    except ssl.SSLCertVerificationError as wrong:
        raise HubIsAnother(where, "") from wrong
    except (OSError, http.client.HTTPException) as wrong:
        raise HubUnreachable((where,), str(wrong) or type(wrong).__name__) from wrong
    finally:
        connection.close()
