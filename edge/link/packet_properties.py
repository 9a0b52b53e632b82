"""What MQTT 5 lets a packet say beside its payload, in paho's words."""

from __future__ import annotations

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.link.io_values import Publish


def empty_properties(packet: int) -> Properties:
    """None yet, for one kind of packet (`PacketTypes`)."""
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves it without types


def publish_properties(action: Publish) -> Properties | None:
    """How long a message is worth delivering, and which question it belongs to."""
    if action.expiry_s is None and action.correlation is None:
        return None
    properties = empty_properties(PacketTypes.PUBLISH)
    if action.expiry_s is not None:
        properties.MessageExpiryInterval = action.expiry_s
    if action.correlation is not None:
        properties.CorrelationData = action.correlation
    return properties
