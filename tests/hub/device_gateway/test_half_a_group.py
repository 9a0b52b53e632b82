"""A group larger than one transaction may be: its rest waits unacknowledged, whatever breaks."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from hub.device_gateway.group_size import GroupSize
from hub.device_gateway.mqtt_shell import MqttShell
from hub.devices.models import DeviceEvent
from hub.wiring import make_gateway
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.events import PersonLoggedIn
from protocols.topics import device_topic
from simulators.bench.small_site import SmallSite
from tests.hub.speaker import Speaker

EVENTS: Final = 8


class ThreeAtOnce(GroupSize):
    """However quick they are."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = 3

    def took(self, messages: int, ms: int) -> None:
        assert messages <= self.limit


class Floor:
    """A gateway in this very process, a broker that is killed behind its first group, a device."""

    def __init__(self, site: SmallSite) -> None:
        self.site = site
        self._password = site.add_devices(["h1"])["h1"]
        self.broker_dies_at = 0
        self.groups: list[int] = []
        self._stopped, self._stop = os.pipe()
        core = make_gateway(site.config, site.journal.database, site.clock)
        core.group_size = ThreeAtOnce()
        self._shell = MqttShell(
            core, site.address, site.config.site, site.address.user, random=Random(7),
            stop_fd=self._stopped, reached=self._reached, on_ready=self._device_sends,
        )  # fmt: skip

    def run(self) -> None:
        """Serve until the hub has heard everything."""
        self._shell.run()
        os.close(self._stopped)
        os.close(self._stop)

    def _device_sends(self) -> None:
        """It has heard no acknowledgement, so it sends everything, each time it comes back."""
        speaker = Speaker(self.site.address, "h1", self._password)
        for seq in range(1, EVENTS + 1):
            speaker.publish(device_topic(self.site.config.site, "h1", "evt"), _event(seq))
        speaker.close()

    def _reached(self, point: str) -> None:
        if point != "before_puback":
            return
        self.groups.append(DeviceEvent.select().count())
        if len(self.groups) == self.broker_dies_at:
            self.site.end("broker")
            self.site.start("broker")
        if self.groups[-1] == EVENTS:
            os.write(self._stop, b"x")


def _event(seq: int) -> bytes:
    make = partial(Event, v=1, dev="h1", epoch="e1", boot=1, at_quality="synced", mono_ms=seq)
    data = encode_data(PersonLoggedIn())
    return encode_event(
        make(seq=seq, at=seq, type="PersonLoggedIn", data=data, actor="00" * 15 + "01")
    )


@pytest.mark.broker
@pytest.mark.parametrize("dies_at", [0, 1, 2], ids=["never", "first", "second"])
def test_a_broker_that_dies_between_two_pieces_of_a_group_costs_no_event(
    dies_at: int, tmp_path: Path
):
    with SmallSite(tmp_path / "hub") as site:
        site.start("broker")
        floor = Floor(site)
        floor.broker_dies_at = dies_at
        floor.run()

        rows = DeviceEvent.select(DeviceEvent.seq, DeviceEvent.state).order_by(DeviceEvent.seq)
        assert list(rows.tuples()) == [(seq, "APPLIED") for seq in range(1, EVENTS + 1)]
        assert len(floor.groups) >= 3
