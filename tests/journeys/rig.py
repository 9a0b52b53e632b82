"""Real processes for journeys: a hub, and a handheld whose scanner is a pty and keypad a pipe.

Owns starting, killing and waiting: every wait is for a condition, and fails with what was seen.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from edge.handheld.kept_state import CFG
from protocols.barcodes import badge_label, bin_label, command_label, tote_label
from protocols.messages.codec import decode
from protocols.messages.configuration import Config
from simulators.bench.small_site import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 120
"""Far beyond anything that works, on the slowest machine."""
LOOK_EVERY_S = 0.02

T = TypeVar("T")
Screen = dict[str, Any]


def until(what: str, ask: Callable[[], T], seen: Callable[[], object] = lambda: "") -> T:
    """Ask until the answer is true; returns it."""
    end = time.monotonic() + PATIENCE_S
    while not (answer := ask()):
        assert time.monotonic() < end, f"waited in vain for {what}; seen: {seen()}"
        select.select([], [], [], LOOK_EVERY_S)
    return answer


def binlight(*arguments: str) -> list[str]:
    """The command line, as somebody types it."""
    return [sys.executable, str(ROOT / "binlight.py"), *arguments]


def said(*arguments: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(binlight(*arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


class RunningHub:
    """`binlight hub` as one process with its children: broker, gateway, pages, planner."""

    def __init__(self, folder: Path) -> None:
        self.data, self.log = folder / "hub", folder / "hub.log"
        self.port, self.broker_port = free_port(), free_port()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                binlight("hub", "--data", str(self.data), "--port", str(self.port),
                         "--broker-port", str(self.broker_port)),
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self) -> None:
        until("the hub is ready", lambda: "is ready" in self.log.read_text(), self.log.read_text)

    def add_device(self, name: str) -> str:
        """Enrol by the command; returns the password that it prints."""
        printed = said("device", "add", name, "--kind", "handheld", "--data", str(self.data),
                       "--port", str(self.broker_port))  # fmt: skip
        return printed.splitlines()[0].rpartition(" ")[2]

    def load(self, kind: str, text: str) -> None:
        """Import a small file by the command."""
        file = self.data / f"{kind}.csv"
        file.write_text(text)
        said("import", kind, str(file), "--data", str(self.data))

    def part(self, name: str) -> psutil.Process | None:
        """The child that runs one part."""
        for child in psutil.Process(self.process.pid).children():
            if f"--only={name}" in child.cmdline():
                return child
        return None

    def kill_part(self, name: str) -> None:
        """As a power cut would; the supervisor starts it again."""
        killed = self.part(name)
        assert killed is not None, f"no {name} runs"
        killed.kill()
        psutil.wait_procs([killed], PATIENCE_S)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)


@contextmanager
def running_hub(folder: Path) -> Iterator[RunningHub]:
    hub = RunningHub(folder)
    try:
        hub.wait()
        yield hub
    finally:
        hub.end()


class RunningHandheld:
    """`binlight edge --headless` and a pair of hands: one scans and types, and reads the log."""

    def __init__(self, folder: Path, hub: RunningHub, name: str, password: str) -> None:
        self.data = folder / name
        self.data.mkdir()
        self._far, near = os.openpty()
        tty.setraw(near)
        self._near = near  # kept open: the cable outlives the agent
        self._config = self.data / "handheld.toml"
        (self.data / "password").write_text(password + "\n")
        self._config.write_text(
            f'site = "w1"\nname = "{name}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {hub.broker_port}\n'
            f'password_file = "{self.data / "password"}"\n'
            f'[scanner]\ndriver = "serial"\noptions = {{ port = "{os.ttyname(near)}" }}\n'
            f'[tones]\ndriver = "silent"\n'
        )
        self._lives = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def outbox(self) -> Path:
        return self.data / "outbox.sqlite"

    def knows_people(self) -> bool:
        """Whether a configuration with people has come from the hub."""
        with closing(sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True)) as file:
            row = file.execute("SELECT value FROM state WHERE name = ?", (CFG,)).fetchone()
        return row is not None and bool(decode(Config, row[0]).people)

    def start(self) -> None:
        """Returns when the device says something."""
        self._lives += 1
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                binlight("edge", "--config", str(self._config), "--data", str(self.data),
                         "--headless"),
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        until("the handheld's first screen", lambda: self.screens, self._log.read_text)

    def kill(self) -> None:
        """The battery falls out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def end(self) -> None:
        """Switched off in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0, self._log.read_text()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        os.close(self._far)
        os.close(self._near)

    # ── what there is to see ─────────────────────────────────────────────────────────────

    @property
    def _log(self) -> Path:
        return self.data / f"life-{self._lives}.log"

    @property
    def screens(self) -> list[Screen]:
        """Every screen of this life, as the log tells it."""
        lines = self._log.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line[-1] == "\n"]

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def sees(self, **wanted: object) -> Screen:
        """Wait for a screen that shows all this now; texts need only be contained."""

        def is_shown() -> Screen | None:
            screen = self.screen
            shown = all(_fits(screen.get(name), value) for name, value in wanted.items())
            return screen if shown else None

        return until(f"a screen with {wanted}", is_shown, lambda: self.screen)

    # ── hands ────────────────────────────────────────────────────────────────────────────

    def scan(self, text: str) -> None:
        """The scanner on the serial line sends a code and a carriage return."""
        os.write(self._far, text.encode() + b"\r")

    def bin(self, code: str) -> None:
        self.scan(bin_label(code))

    def tote(self, code: str) -> None:
        self.scan(tote_label(code))

    def say(self, word: str) -> None:
        self.scan(command_label(word))

    def badge(self, code: str) -> None:
        self.scan(badge_label(code))

    def type(self, text: str) -> None:
        """Keys, and Enter."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()


def _fits(shown: object, wanted: object) -> bool:
    if isinstance(wanted, str) and wanted and isinstance(shown, str):
        return wanted in shown
    return shown == wanted
