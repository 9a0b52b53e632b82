"""How a command line finds the bench that runs, and acts on it. Owns the files that say where.

Each bench leaves one, under its port. It holds the page's key, so only the user who started the
bench can read it. A bench that was killed leaves its file behind; nobody answers there.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.config import default_data_folder
from simulators.errors import SimulatorsError

FOLDER: Final = "running-benches"
PATIENCE_S: Final = 120.0
ANSWER_S: Final = 1.0
KEY_HEADER: Final = "X-Bench-Key"


class NoBenchRuns(SimulatorsError):
    code = "NO_BENCH_RUNS"

    def __init__(self) -> None:
        super().__init__("No bench answers. Start one with: binlight sim bench")


class SeveralBenchesRun(SimulatorsError):
    code = "SEVERAL_BENCHES_RUN"

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = tuple(ports)
        said = ", ".join(map(str, ports))
        super().__init__(f"Several benches run, on the ports {said}. Say which one: --port PORT")


class BenchRefused(SimulatorsError):
    code = "BENCH_REFUSED"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class Running(msgspec.Struct, frozen=True):
    host: str
    port: int
    key: str


def say_where(running: Running) -> Path:
    """Leave the file for `sim do`; returns it, to be removed at the end."""
    folder = default_data_folder() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{running.port}.json"
    file.unlink(missing_ok=True)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, msgspec.json.encode(running))
    finally:
        os.close(fd)
    return file


def running_bench(port: int | None = None) -> Running:
    """The one that runs, or the one on this port. Raises NoBenchRuns, SeveralBenchesRun."""
    found = [one for one in _said() if port in {None, one.port} and _answers(one)]
    if not found:
        raise NoBenchRuns
    if len(found) > 1:
        raise SeveralBenchesRun(sorted(one.port for one in found))
    return found[0]


def _said() -> list[Running]:
    said = []
    for file in sorted((default_data_folder() / FOLDER).glob("*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            said.append(msgspec.json.decode(file.read_bytes(), type=Running))
    return said


def _answers(running: Running) -> bool:
    try:
        with socket.create_connection((running.host, running.port), ANSWER_S):
            return True
    except OSError:
        return False


def act_on(running: Running, act: str, given: dict[str, Any]) -> list[str]:
    """Do it; returns the tones. Raises NoBenchRuns, BenchRefused."""
    connection = http.client.HTTPConnection(running.host, running.port, timeout=PATIENCE_S)
    headers = {KEY_HEADER: running.key, "Content-Type": "application/json"}
    body = msgspec.json.encode({"act": act, "given": given})
    try:
        connection.request("POST", "/act", body, headers)
        answer = connection.getresponse()
        said = msgspec.json.decode(answer.read() or b"{}")
    except (OSError, msgspec.DecodeError) as wrong:
        raise NoBenchRuns from wrong
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise BenchRefused(str(said.get("sentence", answer.reason)))
    return list(said["heard"])
