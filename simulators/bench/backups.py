"""`binlight bench backup`: what a commit waits for because of a backup, and for nothing else.

One run: scans are committed one by one, alone and beside a backup in turn (ABAB), on SQLite with
the hub's own backup and on PostgreSQL with `pg_dump -Fc`. How long a commit takes here at all is
the machine's business; the difference between the two within one run is the backup's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec

from hub.backup.night import NICENESS
from hub.backup.taking import take
from hub.clock import FixedClock, SystemClock
from hub.config import HubConfig
from hub.db import is_postgresql
from hub.device_gateway.gateway_io import Arrived
from hub.process.supervise import python_command
from simulators.bench.picks import confirmations
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.own_postgres import Cluster, programs

ROUNDS: Final = 3
DEVICES: Final = 20
LINES: Final = 600
"""Of each device: more than will be picked meanwhile."""
FILLER_MB: Final = 100
"""Rows that nobody asks for, so that the backup takes as long as that of a year."""
SCAN_EVERY_S: Final = 0.01
ALONE_S: Final = 4.0
ACTOR: Final = "0" * 31 + "1"
COPIED: Final = b"copied\n"
Say = Callable[[str], None]


class Commit(NamedTuple):
    """One scan on its way into the books: when it began (monotonic), and how long that took."""

    began_s: float
    ms: float


def measure(say: Say, scale: float = 1.0) -> dict[str, Any]:
    """Both databases; PostgreSQL only where it is installed. `scale` is the size of the books."""
    with tempfile.TemporaryDirectory(prefix="binlight-bench-") as folder:
        found = {"sqlite": _measured(Path(folder) / "sqlite", "", say, scale)}
        bin = programs()
        if bin is not None:
            cluster = Cluster(bin, on_disk=Path(tempfile.gettempdir()))
            try:
                url = cluster.create()
                found["postgresql"] = _measured(Path(folder) / "postgresql", url, say, scale)
            finally:
                cluster.stop()
    return {"bench": "backup", **found}


def _measured(folder: Path, url: str, say: Say, scale: float) -> dict[str, Any]:
    floor = Floor(folder, url, scale)
    try:
        alone: list[list[Commit]] = []
        beside: list[list[Commit]] = []
        for number in range(ROUNDS):
            alone.append(floor.scan_alone())
            beside.append(floor.scan_beside(folder / f"backup-{number}"))
        found = compared(alone, beside)
    finally:
        floor.hub.close()
    if floor.copied_s:
        found["beside_the_copy"] = figures(floor.while_copied(list(chain(*beside))))
    p99s = [found[which]["p99_ms"] for which in ("alone", "beside")]
    say(f"{folder.name}: p99 {p99s[0]} ms alone, {p99s[1]} beside a backup")
    return found


class Floor:
    """A hub with books of some size, and devices that scan one after the other."""

    def __init__(self, folder: Path, url: str, scale: float) -> None:
        folder.mkdir()
        self.hub = BareHub(folder, Random(7), FixedClock(), url)
        names = [f"d{n:02}" for n in range(DEVICES)]
        lines = self.hub.prepare(names, 400, LINES)
        self.hub.open()
        self._fill(int(FILLER_MB * scale))
        self._events: Iterator[Arrived] = iter(
            [self.hub.message(name, "evt", payload)
             for name in names for payload in confirmations(name, "e1", lines[name], ACTOR)]
        )  # fmt: skip
        self.copied_s: list[tuple[float, float]] = []
        """From when to when the database itself was copied."""

    def _fill(self, megabytes: int) -> None:
        database = self.hub.journal.database
        kind = "BYTEA" if is_postgresql(database) else "BLOB"
        mark = "%s" if is_postgresql(database) else "?"
        database.execute_sql(f"CREATE TABLE filler (content {kind})")  # type: ignore[no-untyped-call]
        for _ in range(megabytes):
            for _ in range(64):
                database.execute_sql(  # type: ignore[no-untyped-call]
                    f"INSERT INTO filler VALUES ({mark})", (os.urandom(16_384),)
                )

    def scan_alone(self) -> list[Commit]:
        until_s = time.monotonic() + ALONE_S
        return list(self._scans(lambda: time.monotonic() < until_s))

    def scan_beside(self, target: Path) -> list[Commit]:
        """Scan for as long as a backup takes, which runs as it does at night."""
        began_s = time.monotonic()
        with subprocess.Popen(self._backup(target), stdout=subprocess.PIPE) as backup:
            assert backup.stdout is not None  # noqa: S101 - asked for above
            os.set_blocking(backup.stdout.fileno(), False)
            found = []
            for commit in self._scans(lambda: backup.poll() is None):
                found.append(commit)
                if backup.stdout.read(len(COPIED)):
                    self.copied_s.append((began_s, time.monotonic()))
        if backup.returncode:
            raise subprocess.CalledProcessError(backup.returncode, backup.args)
        return found

    def _backup(self, target: Path) -> tuple[str, ...]:
        if self.hub.config.is_sqlite:
            return python_command(__name__, msgspec.json.encode(self.hub.config).decode(),
                                  f"{target}.tar")  # fmt: skip
        pg_dump = Path(str(programs())) / "pg_dump"
        return ("nice", f"-n{NICENESS}", str(pg_dump), "-Fc", f"--file={target}",
                self.hub.config.database)  # fmt: skip

    def _scans(self, goes_on: Callable[[], bool]) -> Iterator[Commit]:
        while goes_on():
            event = next(self._events)
            began_s = time.monotonic()
            self.hub.hear(event)
            yield Commit(began_s, (time.monotonic() - began_s) * 1_000)
            time.sleep(SCAN_EVERY_S)

    def while_copied(self, commits: list[Commit]) -> list[Commit]:
        """Those of them that came while the database itself was copied."""
        return [c for c in commits if any(a <= c.began_s < b for a, b in self.copied_s)]


def compared(alone: list[list[Commit]], beside: list[list[Commit]]) -> dict[str, Any]:
    """Figures of both, and what the backup adds: the median of the rounds' own differences."""
    rounds = [(figures(a), figures(b)) for a, b in zip(alone, beside, strict=True)]
    added = {
        f"added_{name}": round(median(b[name] - a[name] for a, b in rounds), 1)
        for name in ("p50_ms", "p99_ms", "max_ms")
    }
    return {
        "alone": figures(list(chain(*alone))), "beside": figures(list(chain(*beside))), **added,
        "rounds": [{"alone": a, "beside": b} for a, b in rounds],
    }  # fmt: skip


def figures(commits: list[Commit]) -> dict[str, float]:
    """Median, 99th percentile and longest of some commits."""
    times_ms = sorted(commit.ms for commit in commits) or [0.0]
    return {
        "count": len(commits),
        "p50_ms": round(median(times_ms), 1),
        "p99_ms": round(times_ms[len(times_ms) * 99 // 100], 1),
        "max_ms": round(times_ms[-1], 1),
    }


def main() -> None:
    """One backup: configuration and file in; says when the database is copied."""
    config = msgspec.json.decode(sys.argv[1].encode(), type=HubConfig)
    os.nice(NICENESS)

    def step(left: int, _total: int) -> None:
        if not left:
            os.write(1, COPIED)

    take(config, Path(sys.argv[2]), SystemClock().now_us(), step)


if __name__ == "__main__":
    main()
