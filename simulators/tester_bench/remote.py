"""How a command line finds the bench that runs, and acts on it. Owns the file that says where.

The file holds the page's key, so only the user who started the bench can read it.
"""

from __future__ import annotations

import http.client
import os
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.config import default_data_folder
from simulators.errors import SimulatorsError

FILE: Final = "running-bench.json"
PATIENCE_S: Final = 120.0
KEY_HEADER: Final = "X-Bench-Key"


class NoBenchRuns(SimulatorsError):
    code = "NO_BENCH_RUNS"

    def __init__(self) -> None:
        super().__init__("No bench answers. Start one with: binlight sim bench")


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
    folder = default_data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    file.unlink(missing_ok=True)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, msgspec.json.encode(running))
    finally:
        os.close(fd)
    return file


def act_on_running_bench(act: str, given: dict[str, Any]) -> list[str]:
    """Do it; returns the tones. Raises NoBenchRuns, BenchRefused."""
    try:
        kept = (default_data_folder() / FILE).read_bytes()
    except FileNotFoundError:
        raise NoBenchRuns from None
    return act_on(msgspec.json.decode(kept, type=Running), act, given)


def act_on(running: Running, act: str, given: dict[str, Any]) -> list[str]:
    """As `act_on_running_bench`, on one that is known."""
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
