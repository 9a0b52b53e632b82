"""A small site for one fault at a time: real broker and gateway, light devices that pick.

Owns the work of its devices and the audit of what they promised. People, pages and planner are not
there: see `world.py` for a whole warehouse.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Final

from hub.db import fetch
from hub.devices import service
from hub.journal import Act
from hub.setup import new_hub_epoch
from hub.verify.command import verify
from hub.wiring import open_journal
from simulators.bench.light_devices import Fleet, LightDevice
from simulators.bench.picks import LINES_AN_ORDER, Line, PickWork, confirmation
from simulators.bench.small_site import SmallSite
from simulators.campaigns.faults.ledger import Audit, audit, ideal_of

ACTOR: Final = "0" * 31 + "1"
SETTLE_S: Final = 120.0


class PickingSite:
    """A site, its devices, and their work."""

    def __init__(self, site: SmallSite, folder: Path, devices: int, seed: int) -> None:
        names = [f"h{n}" for n in range(1, devices + 1)]
        self.site, self.chance, self.folder = site, Random(seed), folder
        self.passwords = site.add_devices(names)
        self.fleet = Fleet([self.device(name, n) for n, name in enumerate(names)])
        self.work = PickWork(site.journal, "w1", "shop", Random(seed))
        self.work.stock_up()
        self._lines: dict[str, list[Line]] = {name: [] for name in names}

    def device(self, name: str, seed: int, folder: Path | None = None) -> LightDevice:
        """A device on the card in that folder."""
        return LightDevice(
            "w1", name, self.passwords[name], self.site.address, folder or self.folder, Random(seed)
        )  # fmt: skip

    # ── work ─────────────────────────────────────────────────────────────────────────────

    def release(self, each: int) -> None:
        """Have so many lines ready for every device."""
        for name, lines in self._lines.items():
            missing = each - len(lines)
            if missing > 0:
                lines.extend(self.work.release(name, max(missing, LINES_AN_ORDER)))

    def release_more(self) -> None:
        """One order more for every device."""
        for name, lines in self._lines.items():
            lines.extend(self.work.release(name, LINES_AN_ORDER))

    def pick(self, each: int) -> None:
        """Every device promises so many picks."""
        self.release(each)
        for device in self.fleet.devices:
            for _ in range(each):
                self.promise(device)

    def promise(self, device: LightDevice) -> None:
        """One pick more, on the device's card."""
        line = self._lines[device.name].pop()
        device.append(lambda epoch, seq: confirmation(device.name, epoch, seq, line, ACTOR))

    def complete_one_wave(self) -> None:
        """Let all work of one wave be done, so that the planner has something to close."""

        def complete(act: Act) -> None:
            act.tx.run("UPDATE assignment SET state = 'COMPLETED' WHERE wave = (SELECT MIN(wave) "
                       "FROM assignment WHERE state <> 'COMPLETED')")  # fmt: skip

        self.site.journal.perform("campaign.complete", complete, site="w1", via="setup")

    def say_something(self) -> None:
        """A page queues one command for each device."""

        def say(act: Act) -> None:
            for name in self._lines:
                service.show_message(act, name, "hello")

        self.site.journal.perform("devices.show_message", say, site="w1", via="page")

    def settle(self) -> None:
        """Until every device knows that the hub has everything. Raises TookTooLong."""
        self.fleet.run_until(
            "all events acknowledged", lambda: self.fleet.waiting == 0, SETTLE_S
        )  # fmt: skip

    # ── the hub's storage ────────────────────────────────────────────────────────────────

    def back_up(self, file: Path) -> None:
        """A copy of the database of this moment, while the hub is at work."""
        with closing(sqlite3.connect(file)) as target:
            self.site.journal.database.connection().backup(target)  # type: ignore[no-untyped-call]

    def acts_since(self, file: Path) -> int:
        """How many acts the hub has carried out that are not in the copy."""
        count = "SELECT COUNT(*) FROM journal"
        with closing(sqlite3.connect(file)) as copy:
            (kept,) = copy.execute(count).fetchone()
        return int(fetch(self.site.journal.database, count)[0][0]) - int(kept)

    def restore(self, file: Path) -> None:
        """Put the copy in place and start the gateway on it: another storage than devices knew."""
        self.site.end("gateway")
        self.site.journal.database.close()
        database = self.site.config.data / "hub.db"
        for name in ("hub.db-wal", "hub.db-shm"):
            database.with_name(name).unlink(missing_ok=True)
        database.write_bytes(file.read_bytes())
        self.site.journal = open_journal(self.site.config)
        new_hub_epoch(self.site.journal.database, "w1")
        self.site.start("gateway")

    # ── the end ──────────────────────────────────────────────────────────────────────────

    def audit(self) -> Audit:
        """The hub's books beside what the devices' files say."""
        files = [(one.name, self.folder / f"{one.name}.db") for one in self.fleet.devices]
        return audit(self.site.journal.database, "w1", ideal_of("w1", files))

    def findings(self) -> list[str]:
        """What verify has to say."""
        return [f"{one.where}: {one.what}" for one in verify(self.site.journal.database).findings]


@contextmanager
def picking_site(folder: Path, devices: int = 6, seed: int = 7) -> Iterator[PickingSite]:
    """A prepared site whose broker runs; the gateway is started by whoever needs it."""
    with SmallSite(folder / "hub") as site:
        site.start("broker")
        made = PickingSite(site, folder, devices, seed)
        try:
            yield made
        finally:
            made.fleet.close()
