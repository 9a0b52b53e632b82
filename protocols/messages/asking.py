"""What a device asks and hears at once: look-ups, a certificate, the time."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocols.limits import NAME_CHARS_MAX
from protocols.messages.fields import Moment, Pem, Scanned, Text


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A look-up, or a certificate for a new key. The answer carries the same correlation data."""

    v: int
    kind: Literal["CODE", "STOCK", "CERTIFICATE"]
    code: Scanned = ""
    csr: Pem = ""
    """For CERTIFICATE: PKCS#10 in PEM, EC P-256, common name = the device's name."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    v: int
    found: bool
    text: Text = ""
    lines: tuple[Text, ...] = ()
    certificate: Pem = ""
    """For CERTIFICATE: the new one, when `found`."""
    code: Annotated[str, Meta(max_length=NAME_CHARS_MAX)] = ""
    """Why there is none, such as BAD_CSR."""


class TimeAsked(msgspec.Struct, frozen=True):
    """First of the four timestamps: the device's monotonic microseconds."""

    v: int
    t1: int


class TimeReply(msgspec.Struct, frozen=True):
    v: int
    t1: int
    t2: Moment
    t3: Moment
