"""`binlight bench start`: how soon a new hub answers, and how much memory its processes have.

One run: a fresh data folder, the command line as people type it. Memory is the sum of PSS over the
supervisor and its children, with the planner idle.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from simulators.errors import SimulatorsError
from simulators.ports import free_port

SETTLE_S: Final = 3.0
"""Until what a start allocates and frees again is gone."""
ROUNDS: Final = 3
READY: Final = "Binlight is ready"


class NeverReady(SimulatorsError):
    code = "NEVER_READY"

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(f"The hub in {folder} ended before it was ready; see its logs.")


def measure(say: Callable[[str], None], scale: float = 1.0) -> dict[str, Any]:
    """Start hubs one after another; the first start of each sets everything up."""
    starts = [_start(say) for _ in range(max(1, int(ROUNDS * scale)))]
    parts = starts[-1]["pss_kb"]
    return {
        "bench": "start",
        "first_ready_s": [round(start["first_s"], 2) for start in starts],
        "again_ready_s": [round(start["again_s"], 2) for start in starts],
        "pss_mb": round(sum(parts.values()) / 1_024, 1),
        "pss_mb_by_part": {name: round(kb / 1_024, 1) for name, kb in parts.items()},
    }


def _start(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="binlight-start-") as folder:
        first_s, _ = _run(folder, settle_s=0)
        again_s, pss_kb = _run(folder, settle_s=SETTLE_S)
    say(f"ready after {first_s:.2f} s, again after {again_s:.2f} s")
    return {"first_s": first_s, "again_s": again_s, "pss_kb": pss_kb}


def _run(folder: str, settle_s: float) -> tuple[float, dict[str, int]]:
    command = [sys.executable, "-m", "binlight", "hub", "--data", folder,
               "--port", str(free_port()), "--broker-port", str(free_port())]  # fmt: skip
    began = time.perf_counter()
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert hub.stdout is not None  # noqa: S101 - it was asked for
        if not any(READY in line for line in iter(hub.stdout.readline, "")):
            raise NeverReady(folder)
        seconds = time.perf_counter() - began
        time.sleep(settle_s)
        return seconds, _pss_kb(hub.pid) if settle_s else {}
    finally:
        hub.terminate()
        hub.communicate()


def _pss_kb(pid: int) -> dict[str, int]:
    """PSS of a hub and its children by part."""
    found = {"supervisor": _pss_of(pid)}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        part = next((w.partition("=")[2] for w in words if w.startswith("--only=")), "broker")
        found[part] = _pss_of(int(child))
    return found


def _pss_of(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
