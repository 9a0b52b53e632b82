"""What goes in and out of the gateway's core, as values. Owns no behaviour.

Shared by the core, the shell that speaks MQTT, and simulated networks.
"""

from __future__ import annotations

from typing import NamedTuple


class Arrived(NamedTuple):
    """A message of the broker. It is acknowledged to the broker after the core has taken it."""

    topic: str
    payload: bytes
    token: int = 0
    """What the shell acknowledges by; 0 for messages that need no acknowledgement."""
    correlation: bytes | None = None


class Publish(NamedTuple):
    """A message for the broker, to be sent in the order in which the core gives them."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    correlation: bytes | None = None
