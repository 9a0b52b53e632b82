"""A device process seen from the person who holds it. Owns its life: start, kill, start again."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from edge.fault_points import ENVIRONMENT_NAME
from edge.handheld.view import ScreenView
from edge.tones import Tone
from hub.config import HubConfig
from simulators.live.device import OUTBOX_FILE, Doing, Seen
from simulators.live.stage import LiveStage

RESTART_S: Final = 0.3
READ_BYTES: Final = 256 * 1024
END_S: Final = 60.0
"""An agent that has not ended by then is killed."""
ROOT: Final = Path(__file__).resolve().parents[2]

_decode: Final = msgspec.json.Decoder(Seen).decode


class LiveHandheld:
    """One device, over all the lives of its process."""

    def __init__(self, stage: LiveStage, config: HubConfig, name: str, password: str) -> None:
        self.name = name
        self.heard = 0
        self.tone: Tone | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.view: ScreenView | None = None
        self.deaths = 0
        """How often its process was killed."""
        self._stage = stage
        self._folder = config.data / "devices" / name
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._is_ending = False
        self.fault = ""
        """The named point at which the next process kills itself, and at which passing."""
        _write_config(self._folder, config, name, password)

    @property
    def outbox_file(self) -> Path:
        return self._folder / OUTBOX_FILE

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        return self._process.pid if self._process is not None else None

    @property
    def is_quiet(self) -> bool:
        """Whether the hub has acknowledged all that it ever did, as its screen says."""
        return self.view is not None and self.view.queue == 0

    def now_ms(self) -> int:
        return self._stage.now_us() // 1_000

    # ── for people ───────────────────────────────────────────────────────────────────────

    def scan(self, text: str) -> None:
        self._do(Doing(scan=text))

    def type(self, text: str) -> None:
        self._do(Doing(type=text))

    def _do(self, doing: Doing) -> None:
        self.tone = None
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(msgspec.json.encode(doing) + b"\n")
                process.stdin.flush()

    # ── its process ──────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the agent on its storage."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop(ENVIRONMENT_NAME, None)
        if self.fault:
            environment[ENVIRONMENT_NAME] = self.fault
        self.fault = ""
        with (self._folder / "agent.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulators.live.device",
                 str(self._folder / "device.toml"), str(self._folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment,
                start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        fd = self._process.stdout.fileno()
        os.set_blocking(fd, False)
        self._rest = b""
        self._stage.watch(fd, self._read)

    def kill(self) -> bool:
        """SIGKILL; False when there is nothing to kill."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.kill()
        return True

    def end(self) -> None:
        """Close the pipe: the agent says farewell and ends."""
        self._is_ending = True
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _read(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        try:
            piece = os.read(process.stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        if not piece:
            self._ended(process)
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._saw(_decode(line))

    def _saw(self, seen: Seen) -> None:
        self.view = seen.view
        if seen.is_answer:
            self.tone = seen.tone
            self.heard += 1
        self.on_change()

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        """The screen is dark; the agent is started again, as systemd would."""
        assert process.stdout is not None  # noqa: S101 - it was read from
        self._stage.unwatch(process.stdout.fileno())
        process.stdout.close()
        status = process.wait()
        self._process, self.view = None, None
        if not self._is_ending:
            self.deaths += status < 0
            self._stage.after(RESTART_S, self.start)
        self.on_change()


def _write_config(folder: Path, config: HubConfig, name: str, password: str) -> None:
    """What `binlight device add` and a person with an editor would leave on a device."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "password"
    secret.touch(0o600)
    secret.write_text(password + "\n")
    (folder / "device.toml").write_text(
        f'site = "{config.site}"\nname = "{name}"\n\n[broker]\nhost = "127.0.0.1"\n'
        f'port = {config.broker_port}\npassword_file = "{secret}"\n'
    )


def points(chance: random.Random, names: list[str]) -> str:
    """A named point and the passing at which the process dies there."""
    return f"{chance.choice(names)}:{chance.randrange(1, 40)}"
