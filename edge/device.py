"""One device from start to end: it gets an identity if it has none, and then does its work.

Owns which loop runs. A screen and a keypad see one thing that runs, whatever runs inside: the loop
with the enrolling core until there is an identity, the one with the agent from then on, and the
first again when somebody scans a code for another identity.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from edge.clock import Clock
from edge.config import DeviceConfig, EdgeConfig
from edge.errors import EdgeError
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import Input
from edge.handheld.enrolling import EnrollingCore, Situation
from edge.handheld.view import ScreenView
from edge.identity.enrolment_port import EnrolmentPort
from edge.identity.record import open_or_set_aside
from edge.identity.renewal import Renewal
from edge.keypad import Keypad
from edge.link.certificate_access import CertificateAccess
from edge.link.hub_access import HubAccess, by_password
from edge.loop import AgentLoop, Core, MakeLink, linked
from edge.scanner_port import ScannerPort
from edge.storage.outbox_owner import look_into, open_outbox
from edge.systemd import ServiceManager
from edge.tones import ToneDriver

OUTBOX_FILE: Final = "outbox.sqlite"


class Device:
    """Runs a configured device. `put` and `stop` may be called from other threads."""

    def __init__(
        self,
        config: EdgeConfig,
        folder: Path,
        version: str,
        clock: Clock,
        chance: random.Random,
        tones: ToneDriver,
        scanner: ScannerPort | None,
    ) -> None:
        """Raises IdentityUnusable."""
        self._config, self._folder, self._version = config, folder, version
        self._clock, self._chance, self._tones, self._scanner = clock, chance, tones, scanner
        self._store = open_or_set_aside(folder)
        self._loop: AgentLoop | None = None
        self._stopping = threading.Event()
        self._manager = ServiceManager()
        self.keypad: Keypad | None = None
        self.on_view: Callable[[ScreenView], None] = lambda _view: None
        self.failure = ""

    def put(self, happened: Input) -> None:
        """An input from elsewhere, such as a key."""
        if self._loop is not None:
            self._loop.put(happened)

    def stop(self) -> None:
        """End `run` soon."""
        self._stopping.set()
        if self._loop is not None:
            self._loop.stop()

    def run(self) -> None:
        """Until `stop`, or until the device can promise nothing more (then `failure` says why)."""
        try:
            self._run()
        except EdgeError as failed:
            self.failure = str(failed)
        finally:
            self._manager.stopping()

    def _run(self) -> None:
        code = ""
        while not self._stopping.is_set() and not self.failure:
            loop = self._enrolling_loop(code) if self._must_enrol(code) else self._agent_loop()
            loop.keypad, loop.on_view = self.keypad, self.on_view
            self._loop = loop
            if self._stopping.is_set():  # asked for while there was no loop to tell
                loop.stop()
            loop.run()
            self.failure, code = loop.failure, loop.enrolment_code

    # ── the two loops ────────────────────────────────────────────────────────────────────

    def _must_enrol(self, code: str) -> bool:
        return self._config.broker is None and (bool(code) or self._store.identity is None)

    def _enrolling_loop(self, code: str) -> AgentLoop:
        identity = self._store.identity
        situation = Situation(
            self._config.device(self._version),
            identity.owner if identity is not None else "",
            look_into(self._folder / OUTBOX_FILE),
        )

        def make_link(wake: Callable[[], None]) -> EnrolmentPort:
            return EnrolmentPort(self._store, wake)

        return self._loop_of(EnrollingCore(situation, code), make_link)

    def _agent_loop(self) -> AgentLoop:
        """Raises OutboxOfAnother, OutboxUnusable, ConfigUnreadable."""
        config, access, renewal = self._as_who()
        path, owner = self._folder / OUTBOX_FILE, f"{config.site}/{config.device}"
        outbox = open_outbox(path, owner, self._chance, self._config.outbox_rows_max)
        core = AgentCore(config, outbox, self._chance, renewal=renewal)
        return self._loop_of(core, linked(access, core, self._clock, self._chance))

    def _as_who(self) -> tuple[DeviceConfig, HubAccess, Renewal | None]:
        """By the identity; or by the configuration alone, where it has a broker and a password."""
        config, identity = self._config.device(self._version), self._store.identity
        if self._config.broker is not None or identity is None:
            return config, by_password(self._config), None
        config = replace(config, site=identity.site, device=identity.device, kind=identity.kind)
        return config, CertificateAccess(self._store, self._config.hub), Renewal(self._store)

    def _loop_of(self, core: Core, make_link: MakeLink) -> AgentLoop:
        return AgentLoop(
            core, self._clock, self._tones, self._scanner, make_link, self._config.gauges,
            self._manager, self._folder,
        )  # fmt: skip
