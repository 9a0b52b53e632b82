"""Topic names under `bw/1/{site}/`. Owns their spelling: text ↔ values, nothing else.

`docs/protocol.md` says what travels on each.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from protocols.errors import BadName, UnknownTopic

ROOT: Final = "bw/1"

UpChannel = Literal["birth", "evt", "cmd_ack", "ask", "tlm", "time"]
DownChannel = Literal["ack", "cmd", "answer", "time_reply", "cfg"]

UP_CHANNELS: Final[tuple[UpChannel, ...]] = ("birth", "evt", "cmd_ack", "ask", "tlm", "time")
DOWN_CHANNELS: Final[tuple[DownChannel, ...]] = ("ack", "cmd", "answer", "time_reply", "cfg")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class DeviceTopic(NamedTuple):
    """The parts of a device's topic."""

    site: str
    device: str
    channel: str


def check_name(name: str, what: str) -> str:
    """Return `name` if it can stand in a topic; raises BadName."""
    if not _NAME.fullmatch(name):
        raise BadName(name, what)
    return name


def device_topic(site: str, device: str, channel: UpChannel | DownChannel) -> str:
    """The topic of one device and channel. Names must have passed `check_name`."""
    return f"{ROOT}/{site}/dev/{device}/{channel}"


def hub_state_topic(site: str) -> str:
    """Where the hub's presence is retained."""
    return f"{ROOT}/{site}/hub/state"


def gateway_filters(site: str) -> tuple[str, ...]:
    """What a gateway subscribes to: every upward channel of every device of its site."""
    return tuple(f"{ROOT}/{site}/dev/+/{channel}" for channel in UP_CHANNELS)


def device_filters(site: str, device: str) -> tuple[str, ...]:
    """What a device subscribes to: its own downward channels and the hub's presence."""
    down = tuple(device_topic(site, device, channel) for channel in DOWN_CHANNELS)
    return (*down, hub_state_topic(site))


def parse_device_topic(topic: str) -> DeviceTopic:
    """Take a device's topic apart; raises UnknownTopic for anything else."""
    parts = topic.split("/")
    if len(parts) != 6 or parts[0] != "bw" or parts[1] != "1" or parts[3] != "dev":
        raise UnknownTopic(topic)
    if parts[5] not in UP_CHANNELS and parts[5] not in DOWN_CHANNELS:
        raise UnknownTopic(topic)
    return DeviceTopic(parts[2], parts[4], parts[5])
