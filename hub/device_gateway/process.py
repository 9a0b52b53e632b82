"""The gateway as a process of its own: lock, core, shell. Who may connect is the guard's business.

Owns nothing durable. It must not import Flask: every page of memory counts on a small machine.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from random import SystemRandom

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.device_gateway.mqtt_shell import MqttShell
from hub.fault_points import for_part
from hub.identity import broker
from hub.opening import open_database
from hub.process.lock import gateway_lock
from hub.process.stop_signal import stop_signal
from hub.wiring import make_gateway


def run_gateway(config: HubConfig, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve the site until SIGTERM. Raises SecondHub, DiskFailed."""
    database = open_database(config.database)
    reached = for_part("gateway")
    with gateway_lock(database, config.data, config.site), stop_signal() as stop_fd:
        core = make_gateway(config, database, SystemClock(), reached)
        gc.freeze()  # what is loaded by now stays: no collection need look at it again [M]
        address = broker.local_address(config)
        shell = MqttShell(
            core, address, config.site, address.user or f"hub-{config.site}",
            random=SystemRandom(), stop_fd=stop_fd, reached=reached, on_ready=on_ready,
        )  # fmt: skip
        shell.run()
