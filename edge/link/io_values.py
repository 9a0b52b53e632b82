"""What goes in and out of a device's link, as values. Owns no behaviour.

Shared by the pure link core, the shell that moves the bytes, and simulated networks.
"""

from __future__ import annotations

import msgspec

from protocols.enrolment import EnrolmentCode


class LinkConnected(msgspec.Struct, frozen=True):
    """The broker accepted the connection."""

    certificate: str = ""
    """Serial of the certificate that was shown; empty for a device with a password."""


class LinkLost(msgspec.Struct, frozen=True):
    """The connection ended. A `reason` is given only where a person has to act: a refusal."""

    reason: str = ""
    code: str = "LINK_REFUSED"
    """What to tell a person; NOT_ADMITTED when it was our certificate that was refused, or
    CERTIFICATE_OUTDATED when only its date was.
    """


class StrangerMet(msgspec.Struct, frozen=True):
    """Somebody answered as the hub, and could not prove the pinned key. It was told nothing."""

    address: str
    """host:port"""
    fingerprint: str = ""
    """Of the key that it showed; empty when it could not be seen."""
    is_announced: bool = False
    """Whether mDNS led there."""


class MessageArrived(msgspec.Struct, frozen=True):
    """Bytes on a topic that the device subscribed to."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


class PubAck(msgspec.Struct, frozen=True):
    """The broker's answer to an event with this token. Success proves nothing about the hub."""

    token: int
    reason: int = 0


class Publish(msgspec.Struct, frozen=True):
    """Bytes for the broker. The shell answers with PubAck when a `token` is given."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    token: int | None = None
    expiry_s: int | None = None
    correlation: bytes | None = None


class Subscribe(msgspec.Struct, frozen=True):
    """Topics that the device wants, all at QoS 1."""

    filters: tuple[str, ...]


class Reconnect(msgspec.Struct, frozen=True):
    """End this connection in good order and make another at once: a new certificate is here."""


class Enrol(msgspec.Struct, frozen=True):
    """Ask the hub of this code for an identity."""

    code: EnrolmentCode


class EnrolmentEnded(msgspec.Struct, frozen=True):
    """The device has an identity; or it was refused, and `sentence` says why and what to do."""

    refusal: str = ""
    """The refusal's code; empty when there was none."""
    sentence: str = ""


LinkInput = LinkConnected | LinkLost | StrangerMet | MessageArrived | PubAck | EnrolmentEnded
LinkAction = Publish | Subscribe | Reconnect | Enrol
