"""The real hub's database at work: picks of devices, orders, stock, waves, restarts.

Options: seed, acts, checkpoint_pages, synchronous, restarts, as of `workloads.outbox`; prepare:
make the site and end; begins: make it within the recording. Each commit is said as soon as
whoever asked for it would hear of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import peewee

from hub.clock import FixedClock
from hub.command import Command
from hub.db import fetch
from hub.disk_watch import is_disk_failure
from hub.errors import DiskFailed
from hub.inventory import service as inventory
from hub.inventory.posting import place_id
from hub.journal import Act, Journal
from hub.orders import service as orders
from hub.warehouse import planner
from hub.warehouse import service as warehouse
from simulators.bench.picks import Line, confirmation
from simulators.campaigns.bare_hub import BareHub, acks
from simulators.campaigns.crash_images.saying import PagesSaying
from simulators.campaigns.crash_images.workloads.processes import go_on, go_on_if_allowed

FILE: Final = "hub.db"
PLAN: Final = "../work.json"
"""Beside the recorded folder: what the devices have to do, as they know it themselves."""
DEVICES: Final = ("h1", "h2")
ITEMS: Final = 12
LINES: Final = 52
ACTOR: Final = "0" * 31 + "1"
HOUR_MS: Final = 3_600_000


class SpokenJournal(Journal):
    """Says after each act that it is done."""

    def __init__(self, journal: Journal, say: Callable[[], None]) -> None:
        super().__init__(journal.database, journal.clock, journal.random)
        self._say = say

    def carry_out(self, command: Command[Any], **more: Any) -> Any:
        found = super().carry_out(command, **more)
        self._say()
        return found

    def perform(self, name: str, do: Callable[[Act], Any], **more: Any) -> Any:
        found = super().perform(name, do, **more)
        self._say()
        return found


class HubWork:
    """Acts by chance over one hub."""

    def __init__(self, folder: Path, said: str, options: dict[str, Any]) -> None:
        self._options = options
        self._chance = Random(options["seed"])
        clock = FixedClock()
        clock.advance(ms=options.get("later_ms", 0))
        self._hub = BareHub(folder, self._chance, clock)
        self._work = _read_work(folder / PLAN)
        self._say = PagesSaying(said, folder / FILE)
        self._open()

    def work(self) -> int:
        """Returns how many acts were not done because the disk failed under the process."""
        kinds, weights = list(self._kinds), list(self._kinds.values())
        for left in range(self._options["acts"], 0, -1):
            (do,) = self._chance.choices(kinds, weights=weights)
            try:
                do(self)
            except DiskFailed:
                if not self._options.get("restarts"):
                    raise
                return left - 1
            except peewee.OperationalError as wrong:
                if not self._options.get("restarts"):
                    raise
                if is_disk_failure(wrong):
                    return left - 1
                # On a full disk a page says that it was not carried out, and its process goes on.
        self._hub.close()
        return 0

    @property
    def goes_on_with(self) -> dict[str, Any]:
        """The options of the process that comes next."""
        later_ms = self._hub.clock.mono_ms() - FixedClock().mono_ms() + HOUR_MS
        return {**self._options, "seed": self._options["seed"] + 1, "later_ms": later_ms}

    def _open(self) -> None:
        self._hub.open()
        database = self._hub.journal.database
        for name in ("synchronous", "checkpoint_pages"):
            pragma = "wal_autocheckpoint" if name == "checkpoint_pages" else name
            database.execute_sql(f"PRAGMA {pragma}={self._options[name]}")  # type: ignore[no-untyped-call]
        self._upto = {
            f"{device}/{epoch}": upto
            for device, epoch, upto in fetch(
                database, "SELECT device, epoch, upto FROM device_epoch"
            )
        }
        self._hub.journal = SpokenJournal(self._hub.journal, self._promise)
        self._promise()

    def _promise(self) -> None:
        acts = fetch(self._hub.journal.database, "SELECT COUNT(*) FROM journal")[0][0]
        self._say(flushed=True, upto=self._upto, acts=acts)

    # ── acts ─────────────────────────────────────────────────────────────────────────────

    def _picks(self) -> None:
        """A few events of one device, sometimes with old ones that it sends again."""
        device = self._chance.choice(DEVICES)
        upto, work = self._upto.get(f"{device}/e1", 0), self._work[device]
        first = max(1, upto + 1 - self._chance.choice((0, 0, 1, 2)))
        last = min(len(work), upto + self._chance.randint(1, 4))
        events = [
            confirmation(device, "e1", seq, work[seq - 1], ACTOR) for seq in range(first, last + 1)
        ]
        said = self._hub.hear(*(self._hub.message(device, "evt", event) for event in events))
        for name, ack in acks(said):
            self._upto[f"{name}/{ack.epoch}"] = ack.upto
        self._promise()

    def _birth(self) -> None:
        session = f"{self._chance.getrandbits(32):08x}"
        self._hub.hear(self._hub.birth(self._chance.choice(DEVICES), "e1", session))
        self._promise()

    def _order(self) -> None:
        articles = fetch(self._hub.journal.database, "SELECT id FROM item ORDER BY sku")
        chosen = self._chance.sample([bytes(id) for (id,) in articles], 3)
        lines = [orders.NewLine(item, self._chance.randint(1, 4)) for item in chosen]
        order = orders.NewOrder(self._hub.company, lines)
        self._perform("orders.place", lambda act: orders.place(act, order))

    def _adjust(self) -> None:
        found = fetch(self._hub.journal.database, "SELECT id FROM item ORDER BY sku")
        n = self._chance.randrange(len(found))
        place = place_id(self._hub.site, "BIN", f"B-{n // 100:02}-{n % 100:02}")
        self._perform(
            "inventory.adjust",
            lambda act: inventory.adjust(act, place, bytes(found[n][0]), 5, "found"),
        )

    def _wave(self) -> None:
        """Whatever waits is planned, allocated and released, each slice an act of its own."""
        waiting = fetch(
            self._hub.journal.database,
            "SELECT id FROM sales_order WHERE wave IS NULL AND state = 'APPROVED' ORDER BY id",
        )
        ids = [bytes(id) for (id,) in waiting]
        if ids:
            self._perform("waves.plan", partial(_plan, ids))
        planner.step(self._hub.journal, self._hub.site)

    def _tick(self) -> None:
        for _ in self._hub.core.tick():
            self._promise()
        self._promise()

    def _restart(self) -> None:
        self._hub.close()
        self._open()

    def _perform(self, name: str, do: Callable[[Act], object]) -> None:
        self._hub.clock.advance(ms=1)
        self._hub.journal.perform(name, do, site=self._hub.site, via="command")

    _kinds: Final[dict[Callable[[HubWork], None], int]] = {
        _picks: 50, _order: 15, _adjust: 12, _wave: 6, _birth: 5, _tick: 5, _restart: 3,
    }  # fmt: skip


def _plan(ids: list[bytes], act: Act) -> bytes:
    return warehouse.plan_wave(act, ids, method="SINGLE", slots=1, goal="RELEASED")


def prepare(folder: Path, seed: int) -> None:
    """A small site with work for two devices; what they know of it goes beside the folder."""
    hub = BareHub(folder, Random(seed), FixedClock())
    found = hub.prepare(DEVICES, ITEMS, LINES)
    plain = {name: [(*map(_text, line),) for line in lines] for name, lines in found.items()}
    (folder / PLAN).write_text(json.dumps(plain), encoding="utf-8")


def _text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _read_work(path: Path) -> dict[str, list[Line]]:
    plain = json.loads(path.read_text(encoding="utf-8"))
    return {name: [_line(*line) for line in lines] for name, lines in plain.items()}


def _line(id: str, assignment: str, bin: str, item: str, quantity: int, tote: str) -> Line:
    return Line(
        bytes.fromhex(id), bytes.fromhex(assignment), bin, bytes.fromhex(item), quantity, tote
    )


def main(folder: str, said: str, options: str) -> None:
    asked = json.loads(options)
    is_only_prepared = asked.pop("prepare", False)
    if is_only_prepared or asked.pop("begins", False):
        prepare(Path(folder), asked["seed"])
    if is_only_prepared:
        return
    try:
        work = HubWork(Path(folder), said, asked)
    except (DiskFailed, peewee.OperationalError):
        go_on_if_allowed(folder, said, asked)
        raise
    left = work.work()
    if left:
        go_on(folder, said, {**work.goes_on_with, "acts": left})


if __name__ == "__main__":
    main(*sys.argv[1:])
