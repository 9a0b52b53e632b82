"""The first start and its migration, killed at one of its syncs. Owns the acts of that trial.

Each time a new folder: the set-up is killed as it is about to make its n-th write durable, then it
is started again and must come to its end, with every table there and books that verify.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hub.config import HubConfig
from hub.db import fetch
from hub.identity.broker import runtime_folder
from hub.migrations import STEPS
from hub.opening import open_database
from hub.prepared import Prepared
from hub.process.supervise import python_command
from hub.verify.command import verify
from simulators.campaigns.faults.processes import SYNCS
from simulators.live.hub import ROOT


class KilledSetup(NamedTuple):
    """What became of one: `was_killed` is False when it ended before its n-th sync."""

    was_killed: bool
    is_whole: bool
    is_password_known: bool
    """Whether either start has said the administrator's one-time password."""


TRACE: Final = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={SYNCS}")


def killed_at(folder: Path, sync: int) -> KilledSetup:
    """Kill the set-up at its n-th sync, and start it again."""
    config = HubConfig(folder=str(folder))
    inject = ("-e", f"inject={SYNCS}:signal=KILL:when={sync}")
    first = _set_up(config, (*TRACE, *inject))
    second = _set_up(config)
    told = [done.stdout for done in (first, second) if done.returncode == 0]
    said = [msgspec.json.decode(text, type=Prepared) for text in told]
    is_whole = second.returncode == 0 and _is_whole(config)
    shutil.rmtree(runtime_folder(config), ignore_errors=True)
    was_killed = first.returncode == -signal.SIGKILL
    return KilledSetup(was_killed, is_whole, any(one.password for one in said))


def _set_up(config: HubConfig, tracing: tuple[str, ...] = ()) -> subprocess.CompletedProcess[bytes]:
    """What it says at its end, and how it ended; strace dies as the traced process did."""
    return subprocess.run(
        [*tracing, *python_command("hub.setup")], input=msgspec.json.encode(config),
        stdout=subprocess.PIPE, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def _is_whole(config: HubConfig) -> bool:
    database = open_database(config.database)
    try:
        steps = fetch(database, "SELECT COUNT(*) FROM schema_step")[0][0]
        return int(steps) == len(STEPS) and verify(database).ok
    finally:
        database.close()
