"""Certificates for devices of worlds that begin with them. Owns no rule: code and signature are the
hub's own, and only the way over HTTPS is left out.
"""

from __future__ import annotations

import os

from edge.identity.keys import make_key, request_for
from edge.identity.record import Identity, IdentityStore, KeyPair
from hub.devices.enrolling import Enrolling, new_offer
from hub.identity.announced import HubIdentity
from hub.journal import Journal
from protocols.enrolment import EnrolmentRequest, write_secret


def enrol(journal: Journal, hub: HubIdentity, name: str, store: IdentityStore) -> None:
    """Give a device that the hub knows a certificate, by a fresh code."""
    secret, offer = new_offer(name, journal.clock.now_us(), os.urandom)
    journal.carry_out(offer, site=hub.site, via="command")
    key = make_key()
    request = EnrolmentRequest(1, hub.site, name, write_secret(secret), request_for(key, name))
    answer = Enrolling(journal, hub, os.urandom).enrol(request, "")
    store.adopt(
        Identity(
            answer.site, answer.device, answer.kind, answer.hub_id, answer.authority,
            answer.brokers, KeyPair(key, answer.certificate),
        )
    )  # fmt: skip
