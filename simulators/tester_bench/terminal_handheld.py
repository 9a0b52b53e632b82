"""A handheld on the bench as real processes and files: `binlight edge` on a terminal of its own.

Owns the agent's lives, its configuration, and the hardware around it: display and keypad (a pty),
scanner (a serial pty), tones (a named pipe), gauges and clock (files), air (a TCP proxy).
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from edge.device import OUTBOX_FILE
from edge.errors import IdentityUnusable
from edge.identity.record import IdentityStore
from edge.tones import Tone
from hub.process.supervise import die_with_parent
from simulators.tester_bench import shifted_clock
from simulators.tester_bench.device_file import (
    CLOCK,
    CONFIGURATION,
    IDENTITY,
    SCANNER,
    TONES,
    Ways,
    write_device_file,
)
from simulators.tester_bench.display import COLUMNS, DARK, LINES, Rows
from simulators.tester_bench.gauge_files import GaugeFiles
from simulators.tester_bench.hardware import Kept, NotOnThisBench, Proof, Switches
from simulators.tester_bench.scanner_cable import ScannerCable
from simulators.tester_bench.storage import look_into
from simulators.tester_bench.terminal import Terminal
from simulators.tester_bench.weather import AIRS

ROOT: Final = Path(__file__).resolve().parent.parent.parent
RESTART_S: Final = 0.5
"""From an agent's death until it is started again, as systemd would."""
END_S: Final = 60.0
"""An agent that has not ended by then is killed."""
SAYS: Final = "binlight: "
"""So a refusal begins on the standard error output."""
_DISPLAY: Final = {
    "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8",
    "COLUMNS": str(COLUMNS), "LINES": str(LINES),
}  # fmt: skip
"""Whoever starts the bench may have another terminal, and programs believe these first."""


class TerminalHandheld:
    """One device. Its thread reads display and tones; methods may be called from any other."""

    def __init__(
        self, folder: Path, site: str, name: str, ways: Ways, changed: Callable[[], None],
        password: str = "",
    ) -> None:  # fmt: skip
        """`password` is of use where the hub gives no certificates."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self._folder, self._ways, self._changed = name, folder, ways, changed
        self.switches = Switches()
        self.tones: list[Tone] = []
        self.lives = 0
        self._cable = ScannerCable(folder / SCANNER)
        self._gauges = GaugeFiles(folder)
        self._clock = folder / CLOCK
        self._tones = _pipe(folder / TONES)
        self._kept = Kept()
        self._terminal: Terminal | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = self._is_closing = False
        self._wake = threading.Event()
        self._power = threading.Lock()
        """Held while an agent is started: what is done to a device then is done to that agent."""
        self.last_words = ""
        shifted_clock.set_shift(self._clock, 0)
        self._cable.plug()
        write_device_file(folder, site, name, ways, password)
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    @property
    def exit_status(self) -> int | None:
        """How its last life ended; None while it lives."""
        return self._process.poll() if self._process is not None else None

    @property
    def outbox_file(self) -> Path:
        return self._folder / OUTBOX_FILE

    # ── what there is to see ─────────────────────────────────────────────────────────────

    def rows(self) -> Rows:
        terminal = self._terminal
        return terminal.rows() if terminal is not None else DARK

    def kept(self) -> Kept:
        self._kept = look_into(self.outbox_file, self._kept)
        return self._kept

    def proof(self) -> Proof:
        if self._ways.pages is None:
            return "password"
        try:
            return "certificate" if self.identity_store.identity is not None else "none"
        except IdentityUnusable:
            return "none"

    @property
    def identity_store(self) -> IdentityStore:
        """Its identity's file, as it is now."""
        return IdentityStore(self._folder)

    # ── hands ────────────────────────────────────────────────────────────────────────────

    def pull(self, codes: Sequence[str], per_second: float = 0.0) -> bool:
        is_heard = self.switches.is_on and self._cable.is_plugged
        self._cable.pull(codes, per_second)
        return is_heard

    def press(self, keys: Sequence[str]) -> bool:
        terminal = self._terminal
        if terminal is None:
            return False
        for key in keys:
            with contextlib.suppress(OSError):  # it has just died
                terminal.press(key)
        return True

    # ── switches ─────────────────────────────────────────────────────────────────────────

    def plug_scanner(self) -> None:
        self._cable.plug()
        self._set(has_scanner=True)

    def unplug_scanner(self) -> None:
        self._cable.unplug()
        self._set(has_scanner=False)

    def set_battery(self, percent: int) -> None:
        self._gauges.set_battery(percent)
        self._set(battery_percent=percent)

    def set_clock(self, shift_s: int) -> None:
        shifted_clock.set_shift(self._clock, shift_s * 1_000_000)
        self._set(clock_shift_s=shift_s)

    def set_air(self, air: str) -> None:
        weather = AIRS[air].weather
        is_sealed = self._ways.pages is not None
        if is_sealed and (weather.twice or weather.swapped):
            raise NotOnThisBench(
                f"air {air!r}", "what is encrypted cannot be told apart, so nothing of it doubled"
            )
        for link in filter(None, self._ways):
            link.weather = weather
        self._gauges.set_radio(AIRS[air].dbm)
        self._set(air=air)

    def fill_disk(self) -> None:
        self._limit_files(is_full=True)

    def free_disk(self) -> None:
        self._limit_files(is_full=False)

    def _set(self, **changes: object) -> None:
        self.switches = replace(self.switches, **changes)
        self._changed()

    # ── power ────────────────────────────────────────────────────────────────────────────

    def switch_on(self) -> None:
        with self._power:
            self._is_wanted = True
        self._wake.set()

    def switch_off(self) -> None:
        with self._power:
            self._is_wanted = False
            self._kill()

    def kill(self) -> None:
        with self._power:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def forget_identity(self) -> None:
        if self._ways.pages is None:
            raise NotOnThisBench(
                "a device without identity", "this hub gives no certificates; start with --secure"
            )
        with self._power:
            self._kill()
            if self._process is not None:
                self._process.wait()
            (self._folder / IDENTITY).unlink(missing_ok=True)

    def close(self) -> None:
        """End the agent in good order, and give everything back. Safe to repeat."""
        with self._power:
            self._is_wanted, self._is_closing = False, True
            if self._process is not None:
                self._process.terminate()
        self._wake.set()
        self._thread.join(END_S)
        self.kill()
        self._thread.join(END_S)
        self._cable.unplug()
        if self._tones >= 0:
            os.close(self._tones)
            self._tones = -1

    # ── the thread ───────────────────────────────────────────────────────────────────────

    def _live(self) -> None:
        """One life after the other."""
        while not self._is_closing:
            self._wake.wait()
            self._wake.clear()
            while self._live_once():
                if self._wake.wait(RESTART_S):
                    self._wake.clear()

    def _live_once(self) -> bool:
        """From the start of an agent to its end; False when none is wanted."""
        terminal = Terminal()
        try:
            with self._power:
                if not self._is_wanted:
                    return False
                self._process = process = self._start(terminal)
                self.lives += 1
            self._terminal = terminal
            self._set(is_on=True)
            while self._look(terminal):
                self._changed()
            self._terminal = None
            self.last_words = _last_words(terminal.rows()) if process.wait() > 0 else ""
            self._set(is_on=False)
            return True
        finally:
            terminal.close()

    def _look(self, terminal: Terminal) -> bool:
        """Wait for something new; False when the agent is gone."""
        ready, _, _ = select.select([terminal.far, self._tones], [], [])
        if self._tones in ready:
            self._hear()
        return terminal.draw() if terminal.far in ready else True

    def _hear(self) -> None:
        for line in os.read(self._tones, 4_096).decode().split():
            self.tones.append(Tone(line))

    def _start(self, terminal: Terminal) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "binlight", "edge",
             "--config", str(self._folder / CONFIGURATION), "--data", str(self._folder)],
            stdin=terminal.near, stdout=terminal.near, stderr=terminal.near,
            start_new_session=True, env={**os.environ, **_DISPLAY, "PYTHONPATH": str(ROOT)},
            preexec_fn=self._before_life,  # noqa: PLW1509 - two system calls, no lock
        )  # fmt: skip
        terminal.let_go_of_near()
        return process

    def _before_life(self) -> None:
        die_with_parent()
        if self.switches.is_disk_full:
            resource.setrlimit(resource.RLIMIT_FSIZE, _file_limit(is_full=True))

    def _limit_files(self, *, is_full: bool) -> None:
        """No regular file of the agent may grow: as a full disk, without one."""
        with self._power:
            self._set(is_disk_full=is_full)
            process = self._process
            if process is not None and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    limit = _file_limit(is_full=is_full)
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)


def _pipe(path: Path) -> int:
    """A named pipe that stays open, whoever writes to it."""
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def _last_words(rows: Rows) -> str:
    """The sentence with which a program ended; a display breaks it anywhere."""
    text = "".join(run.text for row in rows for run in row)
    return " ".join(text.partition(SAYS)[2].split())


def _file_limit(*, is_full: bool) -> tuple[int, int]:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    return (0 if is_full else hard, hard)
