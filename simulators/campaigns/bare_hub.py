"""A hub without broker and processes: the real gateway core and journal over a database of its own.

Owns how it is prepared, opened and spoken to; campaigns decide what is said and what must follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from hub.clock import FixedClock
from hub.config import HubConfig
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.devices import service as devices
from hub.journal import Act, Journal
from hub.setup import prepare_schema
from hub.wiring import make_gateway, open_journal
from protocols.messages.acks import Ack
from protocols.messages.codec import decode, encode
from protocols.messages.presence import Birth
from protocols.topics import UpChannel, device_topic
from simulators.bench.picks import Line, PickWork

SMALL_FLOOR: Final = """
name = "Small hall"
zone = "A"
aisles = 2
blocks = 1
bays_per_block = 4
levels = 1
aisle_pitch_cm = 300
bay_pitch_cm = 100
cross_aisle_width_cm = 250

[depot]
name = "Start"
aisle = 1
cross_aisle = 0

[packing_bench]
name = "Packing"
aisle = 1
cross_aisle = 0
"""


class BareHub:
    """One site: `prepare` once in its life, `open` for each of its processes."""

    def __init__(self, folder: Path, chance: Random, clock: FixedClock, url: str = "") -> None:
        self.config = HubConfig(folder=str(folder), database_url=url)
        self.site, self.company = self.config.site, self.config.company
        self.chance, self.clock = chance, clock
        self.journal: Journal
        self.core: GatewayCore

    def prepare(self, names: Sequence[str], items: int, lines: int) -> dict[str, list[Line]]:
        """Schema, site, stock, and so many lines for each device to pick; closed at the end."""
        self.journal = open_journal(self.config, self.clock, self.chance)
        prepare_schema(self.config, self.journal, floor=SMALL_FLOOR)
        for name in names:
            self.journal.perform(
                "campaign.device", partial(_enrol, name=name, chance=self.chance),
                site=self.site, via="setup",
            )  # fmt: skip
        work = PickWork(self.journal, self.site, self.company, self.chance)
        work.stock_up(items)
        found = {name: work.release(name, lines) for name in names}
        self.close()
        return found

    def open(self) -> None:
        """What each start of a hub does: bring the schema up to date, then the gateway.

        One that fails leaves nothing open: SQLite would show its memory of the log to others.
        """
        self.journal = open_journal(self.config, self.clock, self.chance)
        try:
            prepare_schema(self.config, self.journal, floor=SMALL_FLOOR)
            self.core = make_gateway(self.config, self.journal.database, self.clock)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.journal.database.close()

    def hear(self, *messages: Arrived) -> list[Publish]:
        """One batch, taken as the gateway's shell would hand it over. Raises DiskFailed."""
        self.clock.advance(ms=1)
        return list(self.core.step(messages))

    def message(self, device: str, channel: UpChannel, payload: bytes) -> Arrived:
        return Arrived(device_topic(self.site, device, channel), payload, 1)

    def birth(self, device: str, epoch: str, session: str = "s1") -> Arrived:
        at = self.clock.now_us()
        body = Birth(v=1, dev=device, session=session, presence="ONLINE", epoch=epoch, at=at)
        return self.message(device, "birth", encode(body))


def acks(said: Sequence[Publish]) -> list[tuple[str, Ack]]:
    """What devices were told of their events, as (device, acknowledgement)."""
    return [
        (publish.topic.split("/")[-2], decode(Ack, publish.payload))
        for publish in said
        if publish.topic.endswith("/ack")
    ]


def _enrol(act: Act, *, name: str, chance: Random) -> None:
    devices.add_device(act, name, "handheld", chance.randbytes)
