"""`binlight bench drain`: how fast full devices empty themselves, beside what the wire allows.

One run: real mosquitto, the real gateway on SQLite, and devices that were away for hours: the real
outbox and link core over plain sockets. One device alone, then twenty at once; in turn with each
the same against the gateway without its apply. Only draining is timed, not the filling.

With `--events N` twenty devices bring N events once, and everything is audited: the devices' cards
beside the hub's books.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from hub.devices.models import DeviceEvent
from hub.process.supervise import ChildPlan, python_command
from hub.verify.command import verify
from simulators.bench.events import NotAllApplied
from simulators.bench.light_devices import Fleet, LightDevice
from simulators.bench.picks import PickWork, confirmation
from simulators.bench.small_site import SmallSite
from simulators.campaigns.faults.ledger import Audit, audit, ideal_of

EVENTS: Final = {1: 20_000, 20: 2_000}
"""Events that wait on each device, by the number of devices."""
ROUNDS: Final = 2
AIMS: Final = {1: 500, 20: 2_000}
"""Events a second, on a quiet machine of two cores."""
ACTOR: Final = "0" * 31 + "1"
APPENDED_AT_ONCE: Final = 1_000
DEADLINE_S: Final = 900.0
FLOOD_DEVICES: Final = 20

Say = Callable[[str], None]


def measure(
    say: Say, scale: float = 1.0, devices: tuple[int, ...] = tuple(EVENTS), events: int = 0
) -> dict[str, Any]:
    """Run everything; returns what is printed as JSON. `scale` shortens it for a try."""
    if events:
        return {"bench": "drain", "flood": flood(say, events)}
    with (
        tempfile.TemporaryDirectory(prefix="binlight-bench-") as folder,
        SmallSite(Path(folder)) as site,
    ):
        bench = DrainBench(site, Path(folder), say, scale)
        bench.prepare(max(devices))
        found = {str(n): bench.compare(n) for n in devices}
        bench.check()
    return {"bench": "drain", "devices": found}


def flood(say: Say, events: int) -> dict[str, Any]:
    """So many events wait on FLOOD_DEVICES devices, which all come back at once."""
    each = max(1, events // FLOOD_DEVICES)
    with (
        tempfile.TemporaryDirectory(prefix="binlight-bench-") as folder,
        SmallSite(Path(folder)) as site,
    ):
        bench = DrainBench(site, Path(folder), say, 1.0)
        bench.prepare(FLOOD_DEVICES)
        stored_s = bench.run(FLOOD_DEVICES, each, stores=True)
        seen = bench.audit()
        say(f"{seen.sent} events in {stored_s:.0f} s, {seen.lost} lost, {seen.doubled} doubled")
        bare_s = bench.run(FLOOD_DEVICES, each, stores=False)
        findings = verify(site.journal.database).findings
    return {
        "devices": FLOOD_DEVICES, "events": seen.sent, "events_lost": seen.lost,
        "events_doubled": seen.doubled, "balance_mismatch": seen.balance_mismatch,
        "line_mismatch": seen.line_mismatch, "verify": findings[0].what if findings else "ok",
        "store": {"events_per_s": round(each * FLOOD_DEVICES / stored_s, 1)},
        "no_store": {"events_per_s": round(each * FLOOD_DEVICES / bare_s, 1)},
        "ratio": round(bare_s / stored_s, 3),
    }  # fmt: skip


class DrainBench:
    """One site to which full devices come back."""

    def __init__(self, site: SmallSite, folder: Path, say: Say, scale: float) -> None:
        self._site, self._folder, self._say, self._scale = site, folder, say, scale
        self._work = PickWork(site.journal, site.config.site, site.config.company, Random(7))
        self._sent = self._runs = 0
        plan = msgspec.json.encode(site.config).decode()
        self._no_store = ChildPlan("gateway", python_command("simulators.bench.no_store", plan))

    def prepare(self, devices: int) -> None:
        names = [f"d{n:03}" for n in range(1, devices + 1)]
        self._passwords = self._site.add_devices(names)
        self._work.stock_up()
        self._site.start("broker")

    def compare(self, devices: int) -> dict[str, Any]:
        """The gateway with and without its apply, in turn."""
        each = max(1, int(EVENTS[devices] * self._scale))
        real = [0.0, 0.0]
        bare = [0.0, 0.0]
        for _ in range(ROUNDS):
            for total, stores in ((real, True), (bare, False)):
                total[0] += devices * each
                total[1] += self.run(devices, each, stores=stores)
        rates = [events / seconds for events, seconds in (real, bare)]
        self._say(f"{devices} devices: {rates[0]:.0f}/s of {rates[1]:.0f}/s without storing")
        return {
            "events": int(real[0]), "aim_per_s": AIMS[devices],
            "store": {"events_per_s": round(rates[0], 1)},
            "no_store": {"events_per_s": round(rates[1], 1)},
            "ratio": round(rates[0] / rates[1], 3),
        }  # fmt: skip

    def check(self) -> None:
        """Every event that was acknowledged has taken effect; raises NotAllApplied."""
        applied = DeviceEvent.select().where(DeviceEvent.state == "APPLIED").count()
        if applied != self._sent:
            raise NotAllApplied(self._sent, applied)

    def audit(self) -> Audit:
        """The cards of the last run beside the hub's books."""
        files = [(card.stem, card) for card in sorted(self._cards.glob("*.db"))]
        site = self._site.config.site
        return audit(self._site.journal.database, site, ideal_of(site, files))

    def run(self, devices: int, each: int, *, stores: bool) -> float:
        """Seconds from the first connection until every outbox is empty."""
        self._runs += 1
        fleet = Fleet([self._filled(name, each) for name in list(self._passwords)[:devices]])
        if stores:
            self._site.start("gateway")
            self._sent += devices * each
        else:
            self._site.start_plan(self._no_store)
        clock = self._site.clock
        try:
            began_ms = clock.mono_ms()
            fleet.run_until("all outboxes are empty", lambda: not fleet.waiting, DEADLINE_S)
            return max(1, clock.mono_ms() - began_ms) / 1_000
        finally:
            fleet.close()
            self._site.end("gateway")

    def _filled(self, name: str, each: int) -> LightDevice:
        """A device on a card of its own, with hours of picks that nobody has heard of."""
        self._cards.mkdir(exist_ok=True)
        chance = Random(f"{name}/{self._runs}")
        device = LightDevice(
            self._site.config.site, name, self._passwords[name], self._site.address, self._cards,
            chance,
        )  # fmt: skip
        work = self._work.release(name, each)
        epoch = device.outbox.epoch
        rows = [confirmation(name, epoch, seq, line, ACTOR) for seq, line in enumerate(work, 1)]
        for first in range(0, len(rows), APPENDED_AT_ONCE):
            device.outbox.append(
                rows[first : first + APPENDED_AT_ONCE], {}, self._site.clock.now_us()
            )  # fmt: skip
        return device

    @property
    def _cards(self) -> Path:
        return self._folder / f"cards-{self._runs}"
