"""The bench's world as real processes: `binlight hub` with its broker, and handhelds on terminals.

Owns beginning and end of everything it starts, and nothing else's.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, cast

from msgspec.structs import replace

from hub.config import DEFAULT_BROKER_PORT, DEFAULT_PORT, DEFAULT_TLS_BROKER_PORT, HubConfig
from hub.devices import queries
from hub.devices import service as devices
from hub.devices.acts import RevokeDevice
from hub.identity.announced import HubIdentity, identity_of
from hub.identity.broker import runtime_folder
from hub.journal import Act
from hub.process.ports import PortTaken, refuse_taken
from hub.setup import prepare
from hub.wiring import open_journal
from simulators.campaigns.faults.proxy import Network
from simulators.enrolment import enrol
from simulators.errors import DemoFailed
from simulators.live.hub import LiveHub, Part
from simulators.ports import LOOPBACK, free_port
from simulators.tester_bench import codes, world_plan
from simulators.tester_bench.acts import PARTS
from simulators.tester_bench.codes import ShownCode
from simulators.tester_bench.device_file import Ways
from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.labels import labels_of
from simulators.tester_bench.terminal_handheld import TerminalHandheld
from simulators.tester_bench.wire_tap import OBSERVER, WireTap
from simulators.tester_bench.world_plan import Furnishing, WorldPlan
from simulators.world import chance

LOOK_EVERY_S: Final = 0.05
"""What no thread tells of, such as a row at the hub, is looked for so often."""
DEVICES: Final = "devices"
TRIES: Final = 3
"""Somebody may take a port between its choice and the hub's start."""


class Wanted(NamedTuple):
    """Ports for a hub if nobody else has them; 0: any that is free."""

    pages: int = 0
    broker: int = 0
    devices: int = 0
    """Of the broker, for devices with certificates."""


USUAL: Final = Wanted(DEFAULT_PORT, DEFAULT_BROKER_PORT, DEFAULT_TLS_BROKER_PORT)


class Air:
    """Every device's way to the hub: through links of its own, to the broker and to the pages."""

    def __init__(self, config: HubConfig, chance: Random) -> None:
        self._is_sealed = config.is_encrypted
        broker = config.broker_tls_port if self._is_sealed else config.broker_port
        self._broker = Network(LOOPBACK, broker, chance)
        self._pages = Network(LOOPBACK, config.port, chance)

    def ways(self, device: str) -> Ways:
        pages = self._pages.add(device) if self._is_sealed else None
        return Ways(self._broker.add(device), pages)

    def close(self) -> None:
        self._broker.close()
        self._pages.close()


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
        self._air = Air(config, Random(furnishing.plan.seed))
        self._ways = {name: self._air.ways(name) for name in furnishing.passwords}
        self.devices = {
            name: TerminalHandheld(
                config.data / DEVICES / name, config.site, name, self._ways[name], self._tell,
                password,
            )
            for name, password in furnishing.passwords.items()
        }  # fmt: skip
        self.shown_code: ShownCode | None = None
        self.is_hub_on = True
        self.tap = WireTap(config.broker_port, config.site, furnishing.observer)

    def enrol_all(self) -> None:
        """Give a certificate to every device that the hub still knows by its first password."""
        hub = identity_of(self.config)
        for name, device in self.devices.items():
            if hub is not None and queries.device(hub.site, name).secret_hash:
                enrol(self.journal, hub, name, device.identity_store)

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

    # ── identity ─────────────────────────────────────────────────────────────────────────

    def show_code(self, device: str, sort: str) -> None:
        pages = self._ways[device].pages
        hub = self._authority("enrolment")
        if pages is not None:
            self.shown_code = codes.show(sort, self.journal, hub, device, pages.port)

    def revoke(self, device: str) -> None:
        self._authority("shutting a device out")
        self.journal.carry_out(RevokeDevice(device), site=self.config.site, via="command")

    def state_at_hub(self, device: str) -> str:
        return str(queries.device(self.config.site, device).state)

    def _authority(self, what: str) -> HubIdentity:
        hub = identity_of(self.config)
        if hub is None:
            raise NotOnThisBench(what, "this hub gives no certificates; start with --secure")
        return hub

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
        self._air.close()
        if self._hub is not None:
            self._hub.stop()
            shutil.rmtree(runtime_folder(self.config), ignore_errors=True)  # made at each start
        self.journal.database.close()


class Opened(NamedTuple):
    """A site that runs, and the administrator's one-time password while nobody has used it."""

    site: LiveSite
    password: str | None


def open_site(plan: WorldPlan, folder: Path, wanted: Wanted = Wanted()) -> Opened:  # noqa: B008
    """Furnish the folder, or take up what a bench left there, and start everything.

    Raises NoBenchHere for a folder with another hub, and DemoFailed when the hub does not start.
    """
    config = HubConfig(folder=str(folder), secure=plan.secure)
    is_new = not (config.data / "hub.db").exists()
    journal = open_journal(config)
    if is_new:
        prepare(config, journal)
        found = world_plan.furnish(plan, config, journal, chance(plan.seed, "furnishing"))
        world_plan.remember(config.data, found)
    furnishing = world_plan.remembered(config.data)
    journal.database.close()
    config = replace(config, secure=furnishing.plan.secure)
    hub, config = _started(config, wanted)
    site = LiveSite(config, furnishing, hub)
    try:
        site.enrol_all()
    except BaseException:
        site.close()
        raise
    site.switch_all_on()
    return Opened(site, hub.password)


def _started(config: HubConfig, wanted: Wanted) -> tuple[LiveHub, HubConfig]:
    """A hub on ports that were free when it was started. Raises DemoFailed."""
    for left in reversed(range(TRIES)):
        chosen = _with_ports(config, wanted)
        hub = LiveHub(chosen)
        try:
            hub.start()
        except DemoFailed:
            if not left or not _has_lost_a_port(chosen):
                raise
        else:
            return hub, chosen
    raise AssertionError("the last try returns or raises")


def _with_ports(config: HubConfig, wanted: Wanted) -> HubConfig:
    return replace(
        config, port=free_port(wanted.pages), broker_port=free_port(wanted.broker),
        broker_tls_port=free_port(wanted.devices),
    ).check()  # fmt: skip


def _has_lost_a_port(config: HubConfig) -> bool:
    try:
        for port in (config.port, config.broker_port, config.broker_tls_port):
            refuse_taken(port)
    except PortTaken:
        return True
    return False


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
