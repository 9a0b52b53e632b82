"""What the supervisor looks after beside its children: log files, and saying how the parts are.

Owns `run/parts.json`, which the status page reads. Never waits, and holds no database.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hub.clock import Clock
from hub.process.log_files import LogFolder
from hub.process.supervise import Child
from hub.process.systemd import ServiceManager

PARTS_FILE: Final = Path("run") / "parts.json"


class PartState(msgspec.Struct, frozen=True):
    """One process of the hub as its supervisor sees it."""

    name: str
    pid: int
    """0: it is not running at this moment."""
    is_ready: bool
    starts: int
    since_us: int
    """When it was started last."""


class PartsFile(msgspec.Struct, frozen=True):
    supervisor: int
    since_us: int
    parts: tuple[PartState, ...] = ()


class Caretaker:
    """One for each supervisor; `look` fits `hub.process.supervise.supervise`."""

    def __init__(
        self, data: Path, logs: Path, clock: Clock, manager: ServiceManager | None = None
    ) -> None:
        self._path, self._clock = data / PARTS_FILE, clock
        self._logs = LogFolder(logs)
        self._manager = manager or ServiceManager()
        self._since_us = clock.now_us()
        self._written: tuple[PartState, ...] | None = None
        self._path.parent.mkdir(exist_ok=True)

    def look(self, children: Sequence[Child]) -> None:
        now_ms = self._clock.mono_ms()
        self._logs.look(now_ms)
        self._manager.alive(now_ms)
        parts = tuple(self._state(child) for child in children)
        if parts != self._written:
            self._write(parts)

    def ready(self, url: str) -> None:
        self._manager.ready(f"answers at {url}")

    def stopping(self) -> None:
        self._manager.stopping()
        self._path.unlink(missing_ok=True)

    def _state(self, child: Child) -> PartState:
        before = next((p for p in self._written or () if p.name == child.plan.name), None)
        is_same = before is not None and before.starts == child.starts
        since_us = before.since_us if before and is_same else self._clock.now_us()
        pid = child.process.pid if child.process else 0
        return PartState(child.plan.name, pid, child.is_ready, child.starts, since_us)

    def _write(self, parts: tuple[PartState, ...]) -> None:
        """Whole or not at all; with no room on the disk the page says that it does not know."""
        self._written = parts
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            beside.write_bytes(msgspec.json.encode(PartsFile(os.getpid(), self._since_us, parts)))
            beside.replace(self._path)


def read_parts(data: Path) -> PartsFile | None:
    """How the parts are; None when no supervisor runs on this folder."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode((data / PARTS_FILE).read_bytes(), type=PartsFile)
        if Path(f"/proc/{found.supervisor}").exists():
            return found
    return None
