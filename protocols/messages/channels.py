"""Which message each channel carries; asyncapi.yaml must agree. Owns no message itself."""

from __future__ import annotations

from typing import Final

import msgspec

from protocols.messages.acks import Ack
from protocols.messages.asking import Answer, Ask, TimeAsked, TimeReply
from protocols.messages.commands import Command, CommandAck
from protocols.messages.configuration import Config
from protocols.messages.presence import Birth, HubState, Telemetry

CHANNEL_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    "birth": Birth, "ack": Ack, "cmd": Command, "cmd_ack": CommandAck, "ask": Ask,
    "answer": Answer, "tlm": Telemetry, "time": TimeAsked, "time_reply": TimeReply, "cfg": Config,
    "state": HubState,
}  # fmt: skip
"""The body of each channel except `evt`, which has the envelope of `envelope.py`."""
