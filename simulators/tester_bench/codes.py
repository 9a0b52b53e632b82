"""Enrolment codes as the hub's page shows them, good ones and others. Owns the sorts.

A code is offered by the same command as the page's and the command line's. It names the way through
the device's own air instead of the hub's port, so that a cut radio cuts enrolment too.
"""

from __future__ import annotations

import os
from base64 import b32encode
from typing import Final

import msgspec
from msgspec.structs import replace

from hub.devices import queries
from hub.devices.enrolling import new_offer
from hub.identity.announced import HubIdentity
from hub.journal import Journal
from protocols.enrolment import FINGERPRINT_BYTES, SECRET_BYTES, read_code, write_code
from simulators.errors import SimulatorsError

FRESH, OLD, GUESSED, STRANGER = "fresh", "old", "guessed", "stranger"
CODES: Final = {
    FRESH: "as the hub's page shows it",
    OLD: "its half hour is over",
    GUESSED: "right in form, its secret guessed",
    STRANGER: "another hub's, with another key",
}


class NoCodeShown(SimulatorsError):
    code = "NO_CODE_SHOWN"

    def __init__(self) -> None:
        super().__init__("No enrolment code is shown; have the hub show one first.")


class ShownCode(msgspec.Struct, frozen=True):
    """What stands on a screen beside the bench, for whoever holds a scanner to it."""

    device: str
    sort: str
    text: str


def show(
    sort: str, journal: Journal, hub: HubIdentity, device: str, pages_port: int
) -> ShownCode:  # fmt: skip
    """Have the hub offer a code. Raises NotFound for a device that it does not know."""
    now_us = journal.clock.now_us()
    secret, offer = new_offer(device, now_us, os.urandom)
    if sort == OLD:
        offer = replace(offer, expires_at=now_us)
    journal.carry_out(offer, site=hub.site, via="command")
    text = replace(hub, port=pages_port).code(device, secret)
    return ShownCode(device, sort, _spoilt(sort, text))


def _spoilt(sort: str, text: str) -> str:
    code = read_code(text)
    if sort == GUESSED:
        return write_code(replace(code, secret=os.urandom(SECRET_BYTES)))
    if sort == STRANGER:
        key = b32encode(os.urandom(FINGERPRINT_BYTES)).decode()
        return write_code(replace(code, authority=key))
    return text


def fate(site: str, device: str) -> str:
    """What became of a device's code, in the hub's words; "" without one."""
    found = queries.code(site, device)
    return "" if found is None else str(found.state)
