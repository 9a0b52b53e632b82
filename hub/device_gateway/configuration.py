"""The configuration that devices should have. Owns its hash and when it is published.

It is retained on `cfg`; a device echoes the hash in its birth, and gets it again when that differs.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec

from hub.device_gateway.gateway_io import Publish
from protocols.messages.codec import encode
from protocols.messages.configuration import Config, ShiftPerson
from protocols.topics import device_topic

People = Callable[[], list[ShiftPerson]]
CART_SLOTS: Final = 12
"""Totes that a cart of this site carries at most; work for more is offered to nobody."""


def make_config(time_zone: str, people: list[ShiftPerson]) -> Config:
    """The configuration of every device of a site, with its hash."""
    config = Config(v=1, hash="", time_zone=time_zone, people=tuple(people), slots=CART_SLOTS)
    digest = blake2b(encode(config), digest_size=8).hexdigest()
    return msgspec.structs.replace(config, hash=digest)


class Configuration:
    """The wanted configuration, read anew when asked."""

    def __init__(self, site: str, time_zone: str, people: People) -> None:
        self._site, self._time_zone, self._people = site, time_zone, people
        self._wanted = make_config(time_zone, people())
        self._payload = encode(self._wanted)

    def refresh(self) -> bool:
        """Read the people of the shift again; True when devices need to hear of a change."""
        wanted = make_config(self._time_zone, self._people())
        if wanted.hash == self._wanted.hash:
            return False
        self._wanted, self._payload = wanted, encode(wanted)
        return True

    def is_current(self, cfg_hash: str) -> bool:
        return cfg_hash == self._wanted.hash

    def message(self, device: str) -> Publish:
        return Publish(device_topic(self._site, device, "cfg"), self._payload, retain=True)
