"""What goes in and out of a device's link, as values. Owns no behaviour.

Shared by the pure link core, the shell that moves the bytes, and simulated networks.
"""

from __future__ import annotations

import msgspec


class LinkConnected(msgspec.Struct, frozen=True):
    """The broker accepted the connection."""


class LinkLost(msgspec.Struct, frozen=True):
    """The connection ended. A `reason` is given only where a person has to act: a refusal."""

    reason: str = ""


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


LinkInput = LinkConnected | LinkLost | MessageArrived | PubAck
LinkAction = Publish | Subscribe
