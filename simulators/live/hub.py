"""A real hub as a child: broker, gateway, pages and planner, just as `binlight hub` runs them.

Owns its start, its end, and finding its parts to kill them. It ends nothing that is not its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from hub.config import HubConfig
from simulators.errors import DemoFailed

Part = Literal["broker", "gateway", "web", "planner"]
SAID_ALL: Final = b"Devices connect to port"
"""The last line of what a hub says once it is ready."""
PASSWORD: Final = re.compile(rb"one-time password (\w+)")
END_S: Final = 60.0
"""Its parts end one after the other, each within five seconds or by a kill."""
ROOT: Final = Path(__file__).resolve().parents[2]


class LiveHub:
    """One hub process and its children."""

    def __init__(self, config: HubConfig, environment: Mapping[str, str] | None = None) -> None:
        self._config, self._environment = config, environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.password: str | None = None
        """The administrator's one-time password as the last start said it: until somebody has
        used it, each start makes another, and what was said before opens nothing.
        """

    def start(self) -> None:
        """Returns once it is ready. Raises DemoFailed with the end of its log."""
        config = self._config
        command = [
            sys.executable, "-m", "hub.run", f"--data={config.folder}", f"--listen={config.listen}",
            f"--port={config.port}", f"--broker-port={config.broker_port}",
            f"--broker-tls-port={config.broker_tls_port}", f"--site={config.site}",
            f"--company={config.company}", *(["--secure"] if config.secure else []),
        ]  # fmt: skip
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self._environment},
            )  # fmt: skip
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        self.password = None
        for line in self._process.stdout:
            if found := PASSWORD.search(line):
                self.password = found[1].decode()
            if line.startswith(SAID_ALL):
                return
        raise DemoFailed(f"The hub did not start; see {self._log}:\n{self._end_of_log()}")

    @property
    def _log(self) -> Path:
        return self._config.data / "hub.log"

    def _end_of_log(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self, part: Part) -> bool:
        """SIGKILL one part; the hub starts it again. False while it is down already."""
        pid = self.pid_of(part)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    @property
    def pid(self) -> int | None:
        """The process that looks after the others, while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def pid_of(self, part: Part) -> int | None:
        """The part among our own children's children, by its command line."""
        wanted = "mosquitto" if part == "broker" else f"--only={part}"
        if self._process is None:
            return None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with contextlib.suppress(OSError):
            for pid in children.read_text().split():
                if wanted in _words_of(pid):
                    return int(pid)
        return None

    def stop(self) -> None:
        """End it in good order; killed when it takes too long."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _words_of(pid: str) -> set[str]:
    """A process's command line and its program's name; none when it has just ended."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return set()
    return {Path(words[0]).name, *words}
