"""The same gateway with only its apply replaced by nothing: what the wire alone allows.

Measuring equipment. It reads, decodes, numbers, groups and acknowledges like the real one, and
keeps nothing. Never part of a hub.
"""

from __future__ import annotations

import gc
import sys
from random import SystemRandom
from typing import Any

import msgspec

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.device_gateway.apply import EventApplier, EventRead
from hub.device_gateway.core import GatewayCore, Reading
from hub.device_gateway.gateway_io import Publish
from hub.device_gateway.group import EpochWork, Group
from hub.device_gateway.mqtt_shell import MqttShell
from hub.identity import broker
from hub.process.stop_signal import stop_signal
from hub.process.supervise import say_ready
from hub.wiring import make_gateway, open_journal


class NoApply(EventApplier):
    """Numbers events and forgets them."""

    def _next(self, group: Group, work: EpochWork, read: EventRead, park: str) -> None:
        work.upto = read.event.seq


class _NoTransaction:
    """Stands where a transaction would; nobody asks it for anything but first looks."""

    now_us = 0

    def row(self, sql: str, params: Any = ()) -> None:
        return None

    def rows(self, sql: str, params: Any = ()) -> list[Any]:
        return []


def strip(core: GatewayCore) -> None:
    """Take the storing out of a gateway's core."""

    def try_group(reading: Reading, park: str, is_hopeful: bool) -> list[Publish]:
        group = Group(_NoTransaction())  # type: ignore[arg-type]
        # the equipment is built into the core
        core._look_ahead(group, reading)  # noqa: SLF001
        for arrived, device, read in reading.taken:
            if read is None:
                continue  # a birth: nobody keeps it
            core._take(group, arrived, device, read, park)  # noqa: SLF001
        core.known.committed({key: work.upto for key, work in group.epochs.items()}, set())
        return core._events.acks(group, "bench")  # noqa: SLF001

    core._events = NoApply(core._site, {}, core.known)  # noqa: SLF001
    core._try_group = try_group  # type: ignore[method-assign]  # noqa: SLF001


def main() -> None:
    """Configuration in on standard input, then serve until SIGTERM."""
    config = msgspec.json.decode(sys.argv[1].encode(), type=HubConfig)
    journal = open_journal(config)
    core = make_gateway(config, journal.database, SystemClock())
    strip(core)
    gc.freeze()
    address = broker.local_address(config)
    with stop_signal() as stop_fd:
        MqttShell(
            core, address, config.site, address.user, random=SystemRandom(), stop_fd=stop_fd,
            on_ready=say_ready,
        ).run()  # fmt: skip


if __name__ == "__main__":
    main()
