"""A site of its own for measuring and for tests that kill: real broker, real gateway, any folder.

Owns child processes and free ports; knows no devices. Not how a hub is run: see `hub.run`.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from hub.clock import SystemClock
from hub.config import BrokerAddress, HubConfig
from hub.devices import service
from hub.identity import admissions
from hub.identity.broker import local_address
from hub.journal import Journal
from hub.process.supervise import Child, ChildPlan
from hub.run import plans
from hub.setup import prepare_all
from hub.wiring import open_journal
from simulators.errors import SimulatorsError
from simulators.ports import free_port

READY_WITHIN_MS: Final = 120_000
END_S: Final = 60.0
"""Both only bound a hang."""
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class NotReady(SimulatorsError):
    code = "NOT_READY"

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(f"{part} did not answer within {READY_WITHIN_MS} ms; see its log.")


class SmallSite:
    """A prepared data folder, and the broker and gateway that serve it while inside `with`."""

    def __init__(
        self, folder: Path, database_url: str = "", site: str = "w1", *, secure: bool = False
    ) -> None:
        self.config = HubConfig(
            folder=str(folder), site=site, broker_port=free_port(), port=free_port(),
            database_url=database_url, secure=secure, broker_tls_port=free_port(),
        )  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        prepared = prepare_all(self.config)
        self.clock = SystemClock()
        self.journal: Journal = open_journal(self.config)
        self._plans = {p.name: p for p in plans(self.config, prepared.broker_configuration)}
        self.children: dict[str, Child] = {}

    @property
    def address(self) -> BrokerAddress:
        """How the hub itself reaches the broker."""
        return local_address(self.config)

    def add_devices(self, names: list[str]) -> dict[str, str]:
        """Enrol devices; returns their passwords. The broker knows them when this returns."""
        found: dict[str, str] = {}
        for name in names:
            found[name] = self._add_device(name)
        admissions.follow(self.config)
        return found

    def _add_device(self, name: str) -> str:
        return self.journal.perform(
            "devices.add", lambda act: service.add_device(act, name, "handheld", os.urandom),
            site=self.config.site, via="command",
        )  # fmt: skip

    def __enter__(self) -> SmallSite:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for name in reversed(list(self.children)):
            self.end(name, signal.SIGTERM)
        self.journal.database.close()

    def start(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start `broker` or `gateway` and wait until it answers; raises NotReady."""
        self.start_plan(self.plan(name, environment))

    def launch(self, name: str, environment: Mapping[str, str]) -> None:
        """Start a part that may die at any moment, so nobody waits until it answers."""
        plan = self.plan(name, environment)
        self._child(plan).look()

    def plan(self, name: str, environment: Mapping[str, str] | None = None) -> ChildPlan:
        """How a part is started."""
        plan = self._plans[name]
        more = {**plan.environment, **(environment or {})}
        return msgspec.structs.replace(plan, environment=more)

    def start_plan(self, plan: ChildPlan) -> None:
        """Start any part by its plan, in place of one of the same name."""
        child = self._child(plan)
        until_ms = self.clock.mono_ms() + READY_WITHIN_MS
        while not child.is_ready:
            child.look()
            if self.clock.mono_ms() > until_ms:
                raise NotReady(plan.name)
            select.select([], [], [], 0.005)

    def _child(self, plan: ChildPlan) -> Child:
        logs = self.config.data / "logs"
        logs.mkdir(exist_ok=True)
        child = self.children[plan.name] = Child(plan, self.clock, logs / f"{plan.name}.log")
        return child

    def send(self, name: str, number: signal.Signals) -> None:
        process = self.process(name)
        process.send_signal(number)

    def cpu_s(self, name: str) -> float:
        """User and system time of a part so far (proc(5), fields 14 and 15 of stat)."""
        text = Path(f"/proc/{self.process(name).pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def process(self, name: str) -> subprocess.Popen[bytes]:
        process = self.children[name].process
        if process is None:
            raise NotReady(name)
        return process

    def end(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a part and wait for its end."""
        child = self.children.pop(name)
        if child.process is not None:
            child.process.send_signal(number)
            child.process.wait(END_S)
