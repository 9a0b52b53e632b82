"""Where the hub's broker is. Owns the answer; connects to nothing.

At present the configured address. Names found on the network will only ever be hints: the pinned
CA decides whom to trust.
"""

from __future__ import annotations

from typing import NamedTuple

from edge.config import BrokerConfig


class HubAddress(NamedTuple):
    host: str
    port: int


def find_hub(config: BrokerConfig) -> HubAddress:
    """The address to try next."""
    return HubAddress(config.host, config.port)
