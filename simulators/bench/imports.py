"""`binlight bench import`: real order rows into a new hub, while another process goes on writing.

One run: the import in a process of its own, for its memory; beside it a writer with one small act
every 20 ms, who feels what a scan would feel. The whole UCI file when it is at hand (../shared),
else the two days that the repository carries.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from statistics import median
from typing import Any, Final

import click

from hub.bulk import engine
from hub.bulk.service import import_file
from hub.clock import SystemClock
from hub.inventory.service import ensure_site
from hub.journal import Journal
from hub.migrations import migrate
from hub.opening import open_database

ROOT: Final = Path(__file__).resolve().parents[2]
WHOLE: Final = ROOT.parent / "shared" / "data" / "online_retail" / "online_retail.csv.gz"
TWO_DAYS: Final = ROOT / "hub" / "bulk" / "days" / "2011-11-22_23.csv.gz"
WHOLE_ROWS: Final = 541_909
SITE: Final = "w1"
COMPANY: Final = "shop"
WRITES_EVERY_S: Final = 0.02


def measure(say: Callable[[str], None], scale: float = 1.0) -> dict[str, Any]:
    """Import, and watch another writer meanwhile; `scale` takes the beginning of the file."""
    with tempfile.TemporaryDirectory(prefix="binlight-import-") as folder:
        source = _source(Path(folder), scale)
        url = f"sqlite:///{Path(folder) / 'hub.db'}"
        journal = _open(url)
        migrate(journal.database)
        _write(journal, "bench.site", lambda act: ensure_site(act, SITE, COMPANY, "Bench"))
        say(f"importing {source.name}")
        command = [sys.executable, "-m", __name__, url, str(source)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        waits_ms = _writes_beside(child, journal)
        found: dict[str, Any] = json.loads(child.communicate()[0])
        journal.database.close()
    return {"bench": "import", "file": source.name, **found, "other_writer": _spread(waits_ms)}


def _source(folder: Path, scale: float) -> Path:
    whole = WHOLE if WHOLE.exists() else TWO_DAYS
    if scale >= 1 or whole == TWO_DAYS:
        return whole
    part = folder / "part.csv"
    with gzip.open(whole, "rb") as rows, part.open("wb") as out:
        for _ in range(int(WHOLE_ROWS * scale) + 1):
            out.write(rows.readline())
    return part


def _open(url: str) -> Journal:
    return Journal(open_database(url), SystemClock(), SystemRandom())


def _write(journal: Journal, name: str, do: Callable[[Any], object]) -> None:
    journal.perform(name, do, site=SITE, via="setup")


def _writes_beside(child: subprocess.Popen[str], journal: Journal) -> list[float]:
    """How long each of another process's commits took until the import ended, in ms."""
    waits_ms = []
    while child.poll() is None:
        began = time.perf_counter()
        _write(journal, "bench.beside", lambda _act: None)
        waits_ms.append((time.perf_counter() - began) * 1_000)
        time.sleep(WRITES_EVERY_S)
    return waits_ms


def _spread(times_ms: list[float]) -> dict[str, float]:
    times_ms = sorted(times_ms) or [0.0]
    return {
        "count": len(times_ms),
        "p50_ms": round(median(times_ms), 1),
        "p99_ms": round(times_ms[len(times_ms) * 99 // 100], 1),
        "max_ms": round(times_ms[-1], 1),
    }


def main() -> None:
    """The import alone: database URL and file in, one JSON object out."""
    url, file = sys.argv[1:3]
    journal = _open(url)
    posts: list[float] = []
    post = engine._post_one  # noqa: SLF001 - the equipment is built in

    def timed(*args: Any) -> None:
        began = time.perf_counter()
        post(*args)
        posts.append((time.perf_counter() - began) * 1_000)

    engine._post_one = timed  # type: ignore[assignment]  # noqa: SLF001
    began = time.perf_counter()
    report = import_file(journal, SITE, COMPANY, "orders", Path(file))
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    click.echo(
        json.dumps(
            {
                "rows": report.rows,
                "seconds": round(seconds, 1),
                "cpu_s": round(used.ru_utime + used.ru_stime, 1),
                "rows_per_s": round(report.rows / seconds),
                "slices": _spread(posts),
                "peak_rss_mb": round(used.ru_maxrss / 1_024, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
