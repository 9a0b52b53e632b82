"""The bench's world as real processes: `binlight hub` with its broker, and handhelds on terminals.

Owns beginning and end of everything it starts, and nothing else's.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, cast

from hub.config import DEFAULT_BROKER_PORT, DEFAULT_PORT, HubConfig
from hub.devices import service as devices
from hub.journal import Act
from hub.setup import prepare
from hub.wiring import open_journal
from simulators.campaigns.faults.proxy import Network
from simulators.live.hub import LiveHub, Part, free_port
from simulators.tester_bench import world_plan
from simulators.tester_bench.acts import PARTS
from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.labels import labels_of
from simulators.tester_bench.terminal_handheld import TerminalHandheld
from simulators.tester_bench.wire_tap import OBSERVER, WireTap
from simulators.tester_bench.world_plan import Furnishing, WorldPlan
from simulators.world import chance

LOOK_EVERY_S: Final = 0.05
"""What no thread tells of, such as a row at the hub, is looked for so often."""
DEVICES: Final = "devices"


class LiveSite:
    """A hub of its own with the bundled world, or somebody's running hub."""

    parts: tuple[str, ...] = PARTS

    def __init__(self, config: HubConfig, furnishing: Furnishing, hub: LiveHub | None) -> None:
        self.config, self.people, self._hub = config, furnishing.people, hub
        self.journal = open_journal(config)
        self.labels = labels_of(config, self.journal, self.people)
        self._changed = threading.Condition()
        self._began = time.monotonic()
        self._is_closed = False
        self._network = Network("127.0.0.1", config.broker_port, Random(furnishing.plan.seed))
        self.devices = {
            name: TerminalHandheld(
                config.data / DEVICES / name, config.site, name, password, self._network.add(name),
                self._tell,
            )
            for name, password in furnishing.passwords.items()
        }  # fmt: skip
        self.is_hub_on = True
        self.tap = WireTap(config.broker_port, config.site, furnishing.observer)

    def switch_all_on(self) -> None:
        for device in self.devices.values():
            device.switch_on()

    # ── hub ──────────────────────────────────────────────────────────────────────────────

    def pid_of(self, part: str) -> int | None:
        return self._hub.pid_of(cast("Part", part)) if self._hub is not None else None

    def kill_part(self, part: str) -> None:
        self._own_hub(f"killing the {part}").kill(cast("Part", part))

    def stop_hub(self) -> None:
        self._own_hub("stopping the hub").stop()
        self.is_hub_on = False

    def start_hub(self) -> None:
        hub = self._own_hub("starting the hub")
        if not hub.is_running():
            hub.start()
        self.is_hub_on = True

    def _own_hub(self, what: str) -> LiveHub:
        if self._hub is None:
            raise NotOnThisBench(what, "this hub is somebody else's, the bench has only joined it")
        return self._hub

    # ── time ─────────────────────────────────────────────────────────────────────────────

    def now_s(self) -> float:
        return time.monotonic() - self._began

    def until(self, ask: Callable[[], bool], patience_s: float) -> bool:
        end = time.monotonic() + patience_s
        while not ask():
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, LOOK_EVERY_S))
        return True

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """End devices, air and hub, in this order: devices say farewell. Safe to repeat."""
        if self._is_closed:
            return
        self._is_closed = True
        for device in self.devices.values():
            device.close()
        self.tap.close()
        self._network.close()
        if self._hub is not None:
            self._hub.stop()
        self.journal.database.close()


class Opened(NamedTuple):
    """A site that runs, and the administrator's one-time password of a hub that is new."""

    site: LiveSite
    password: str | None


def open_site(plan: WorldPlan, folder: Path) -> Opened:
    """Furnish the folder, or take up what a bench left there, and start everything.

    Raises NoBenchHere for a folder with another hub, and DemoFailed when the hub does not start.
    """
    config = _config(folder)
    is_new = not (config.data / "hub.db").exists()
    journal = open_journal(config)
    password = prepare(config, journal) if is_new else None
    if is_new:
        found = world_plan.furnish(plan, config, journal, chance(plan.seed, "furnishing"))
        world_plan.remember(config.data, found)
    furnishing = world_plan.remembered(config.data)
    journal.database.close()
    hub = LiveHub(config)
    hub.start()
    site = LiveSite(config, furnishing, hub)
    site.switch_all_on()
    return Opened(site, password)


def join_site(plan: WorldPlan, config: HubConfig) -> Opened:
    """Put devices of a bench beside a hub that runs already; it must be on this machine."""
    journal = open_journal(config)
    names = [f"bench-{n + 1}" for n in range(plan.handhelds)]

    def enrol(act: Act) -> dict[str, str]:
        found = {name: _password(act, name, "handheld") for name in names}
        return found | {OBSERVER: _password(act, OBSERVER, "observer")}

    passwords = journal.perform("bench.enrol", enrol, site=config.site, via="command")
    journal.database.close()
    observer = passwords.pop(OBSERVER)
    site = LiveSite(config, Furnishing(plan, {}, passwords, observer), None)
    site.switch_all_on()
    return Opened(site, None)


def _password(act: Act, name: str, kind: str) -> str:
    try:
        return devices.add_device(act, name, kind, secrets.token_bytes)
    except devices.DeviceExists:
        return devices.renew_password(act, name, secrets.token_bytes)


def _config(folder: Path) -> HubConfig:
    return HubConfig(
        folder=str(folder), listen="127.0.0.1", port=free_port(DEFAULT_PORT),
        broker_port=free_port(DEFAULT_BROKER_PORT),
    ).check()  # fmt: skip
