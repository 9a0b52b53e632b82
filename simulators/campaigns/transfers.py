"""`binlight bench transfers`: stock moves between bins while others read; every sum must be right.

Owns what readers ask. A reader in one snapshot sees every unit once: never on the way, never twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import peewee

from hub.catalog import service as catalog
from hub.clock import FixedClock
from hub.db import fetch, reading
from hub.inventory import service as inventory
from hub.journal import Act
from hub.verify.command import verify
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.crash_images.recorder import memory_folder
from simulators.campaigns.own_postgres import Cluster, programs
from simulators.campaigns.pace import Pace
from simulators.campaigns.totals import beside_trials
from simulators.campaigns.transfers_writer import Asked
from simulators.errors import SimulatorsError

TRANSFERS: Final = 100_000
"""Of a run with scale 1, over both databases."""
WRITERS: Final = 3
READERS: Final = 2
BINS: Final = 12
UNITS: Final = 40
"""In each bin at the beginning."""
TOTAL: Final = BINS * UNITS
ROUND: Final = 6_000
"""Transfers before a new database begins: `verify` reads them all."""
PAUSE_S_MAX: Final = 0.02
"""Between two reads of one reader."""
VERIFY_SHARE: Final = 0.02
COMPLAINTS_MAX: Final = 10

Say = Callable[[str], None]


class WriterFailed(SimulatorsError):
    code = "WRITER_FAILED"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"A writer ended early: {reason}")


class Reader:
    """Asks for sums at random moments, in one snapshot each."""

    def __init__(self, database: peewee.Database, chance: Random) -> None:
        self._database, self._chance = database, chance
        self._kinds = (self._at_once, self._in_two, self._against_ledger)
        self.reads, self.verifies = 0, 0
        self.wrong: list[str] = []

    def read_while(self, are_writing: Callable[[], bool]) -> None:
        """At random moments, so that the writers are not kept from writing."""
        moment = threading.Event()
        while are_writing():
            moment.wait(self._chance.uniform(0, PAUSE_S_MAX))
            self.read()
        self._database.close()

    def read(self) -> None:
        """One question; a wrong answer is kept."""
        if self._chance.random() < VERIFY_SHARE:
            self.verifies += 1
            self.wrong += [f"verify: {f.where}: {f.what}" for f in verify(self._database).findings]
            return
        self.reads += 1
        kind = self._chance.choice(self._kinds)
        with reading(self._database):
            found = kind()
        if found != TOTAL:
            self.wrong.append(f"{kind.__name__.strip('_')} sees {found} of {TOTAL} units")

    def _at_once(self) -> int:
        return self._sum("SELECT SUM(on_hand) FROM balance WHERE is_real", ())

    def _in_two(self) -> int:
        """Some bins by one statement, the others by the next."""
        mark = f"T-{self._chance.randrange(BINS):02}"
        select = (
            "SELECT SUM(b.on_hand) FROM balance b JOIN place p ON p.id = b.place "
            "WHERE b.is_real AND p.code {} ?"
        )
        return sum(self._sum(select.format(sign), (mark,)) for sign in ("<", ">="))

    def _against_ledger(self) -> int:
        """What the movements of the ledger make of it, if the balances say the same."""
        (into,) = fetch(
            self._database,
            "SELECT SUM(quantity) FROM movement m JOIN place p ON p.id = m.to_place "
            "WHERE p.kind = 'BIN'",
        )[0]
        (out_of,) = fetch(
            self._database,
            "SELECT COALESCE(SUM(quantity), 0) FROM movement m JOIN place p ON p.id = m.from_place "
            "WHERE p.kind = 'BIN'",
        )[0]
        moved = int(into) - int(out_of)
        return moved if moved == self._at_once() else -1

    def _sum(self, sql: str, params: tuple[str, ...]) -> int:
        return int(fetch(self._database, sql, params)[0][0] or 0)


def measure(
    say: Say, scale: float = 1.0, seed: int = 1, minutes: float | None = None
) -> dict[str, Any]:
    """Both databases in turn, PostgreSQL where it is installed; returns what is printed as JSON."""
    counts: dict[str, dict[str, int]] = {}
    wrong: list[str] = []
    seeds = count(seed, WRITERS + READERS)
    with Pace(minutes) as pace, _urls() as urls:
        wanted = round(TRANSFERS * scale / len(urls))
        turn = 0
        while not turn or (minutes is not None and not pace.is_over):
            turn += 1
            for name, make_url in urls.items():
                found = counts.setdefault(name, {})
                while found.get("moved", 0) < wanted * turn and not pace.is_over:
                    left = wanted * turn - found.get("moved", 0)
                    wrong += _one_round(make_url(), next(seeds), min(ROUND, left), found)
                tried = beside_trials(found.get("wrong_sums", 0), found.get("reads", 0))
                say(f"{name}: {found.get('moved', 0):,} transfers, wrong sums {tried}")
        names = ("moved", "refused", "gave_up", "reads", "verifies", "wrong_sums")
        together = {name: sum(found.get(name, 0) for found in counts.values()) for name in names}
        return {
            "bench": "transfers", "seed": seed, "seconds": round(pace.seconds, 1), **together,
            "databases": counts, "complaints": wrong[:COMPLAINTS_MAX],
        }  # fmt: skip


@contextmanager
def _urls() -> Iterator[dict[str, Callable[[], str]]]:
    """How to get a fresh database of each kind; empty text: SQLite in the hub's own folder."""
    found: dict[str, Callable[[], str]] = {"sqlite": str}
    bin = programs()
    if bin is None:
        yield found
        return
    cluster = Cluster(bin)
    try:
        yield {**found, "postgresql": cluster.create}
    finally:
        cluster.stop()


def _one_round(url: str, seed: int, transfers: int, counts: dict[str, int]) -> list[str]:
    """One database: writers as processes, readers as threads; returns what was seen wrong."""
    with tempfile.TemporaryDirectory(prefix="binlight-transfers-", dir=memory_folder()) as folder:
        hub = BareHub(Path(folder), Random(seed), FixedClock(), url)
        hub.prepare((), 0, 0)
        hub.open()
        hub.journal.perform("campaign.stock", stock, site=hub.site, via="setup")
        database = hub.journal.database
        writers = [_start(folder, url, seed + n, transfers // WRITERS + 1) for n in range(WRITERS)]
        readers = [Reader(database, Random(seed + WRITERS + n)) for n in range(READERS)]
        _read_meanwhile(readers, writers)
        for writer in writers:
            _add(counts, _result(writer))
        wrong = [text for reader in readers for text in reader.wrong]
        wrong += [f"at the end: {f.where}: {f.what}" for f in verify(database).findings]
        hub.close()
    reads, verifies = (sum(r.reads for r in readers), sum(r.verifies for r in readers))
    _add(counts, {"reads": reads, "verifies": verifies, "wrong_sums": len(wrong)})
    return wrong


def stock(act: Act) -> None:
    """UNITS of one article in each of the bins."""
    company = inventory.site_facts(act).company
    item = catalog.save_item(act, company, "MOVED", "What is moved")
    for n in range(BINS):
        inventory.ensure_place(act, "BIN", f"T-{n:02}")
        inventory.receive(act, f"T-{n:02}", item, UNITS, "opening")


def _start(folder: str, url: str, seed: int, transfers: int) -> subprocess.Popen[str]:
    asked = msgspec.json.encode(Asked(folder, url, seed, transfers)).decode()
    command = [sys.executable, "-m", "simulators.campaigns.transfers_writer", asked]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _read_meanwhile(readers: list[Reader], writers: list[subprocess.Popen[str]]) -> None:
    def are_writing() -> bool:
        return any(writer.poll() is None for writer in writers)

    threads = [threading.Thread(target=r.read_while, args=(are_writing,)) for r in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _result(writer: subprocess.Popen[str]) -> dict[str, int]:
    out, complaints = writer.communicate()
    if writer.returncode:
        raise WriterFailed((complaints.strip().splitlines() or ["it said nothing"])[-1])
    found: dict[str, int] = json.loads(out.splitlines()[-1])
    return found


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        counts[name] = counts.get(name, 0) + value
