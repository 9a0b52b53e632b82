"""`binlight bench events`: durable events a second, beside what wire and disk alone allow.

One run: real mosquitto, the real gateway as a process of its own on SQLite, with 1, 50 and 500
devices; in turn with it the same gateway without its apply; and bare commits on the same disk.
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
from simulators.bench.bare_disk import appends, group_commits_per_second
from simulators.bench.load_client import Load, LoadClient
from simulators.bench.picks import PickWork, confirmations
from simulators.bench.small_site import SmallSite
from simulators.errors import SimulatorsError

EVENTS: Final = {1: 1_500, 50: 6_000, 500: 12_000}
"""Events of one run by the number of devices."""
ROUNDS: Final = 2
ALONE_EVENTS: Final = 400
"""One event at a time: what a single picker feels."""
APPENDS: Final = 500
GROUP: Final = 500
ACTOR: Final = "0" * 31 + "1"

Say = Callable[[str], None]


class NotAllApplied(SimulatorsError):
    """The measurement is worth nothing: events were acknowledged without their effect."""

    code = "NOT_ALL_APPLIED"

    def __init__(self, sent: int, applied: int) -> None:
        self.sent, self.applied = sent, applied
        super().__init__(f"{sent} events were sent, {applied} took effect.")


def measure(
    say: Say, scale: float = 1.0, devices: tuple[int, ...] = tuple(EVENTS)
) -> dict[str, Any]:
    """Run everything; returns what is printed as JSON. `scale` shortens it for a try."""
    with tempfile.TemporaryDirectory(prefix="binlight-bench-") as folder:
        with SmallSite(Path(folder)) as site:
            bench = EventBench(site, say, scale)
            bench.prepare(max(devices))
            by_devices = {str(n): bench.compare(n) for n in devices}
            alone = bench.alone()
            bench.check()
        disk = _disk(Path(folder))
    return {"bench": "events", "devices": by_devices, "one_at_a_time": alone, **disk}


class EventBench:
    """One site under load."""

    def __init__(self, site: SmallSite, say: Say, scale: float) -> None:
        self._site, self._say, self._scale = site, say, scale
        config = site.config
        self._work = PickWork(site.journal, config.site, config.company, Random(7))
        self._sent = 0
        self._runs = 0
        self._no_store = ChildPlan(
            "gateway",
            python_command("simulators.bench.no_store", msgspec.json.encode(config).decode()),
        )

    def prepare(self, devices: int) -> None:
        self._say(f"preparing {devices} devices")
        self._names = [f"d{n:03}" for n in range(1, devices + 1)]
        self._passwords = self._site.add_devices(self._names)
        self._work.stock_up()
        self._site.start("broker")

    def compare(self, devices: int) -> dict[str, Any]:
        """The gateway with and without its apply, in turn."""
        events = max(devices, int(EVENTS[devices] * self._scale))
        each = max(1, events // devices)
        real: list[Load] = []
        bare: list[Load] = []
        for _ in range(ROUNDS):
            real.append(self._run(devices, each))
            bare.append(self._run(devices, each, stores=False))
        found = {"store": _figures(real), "no_store": _figures(bare)}
        rates = [figures["events_per_s"] for figures in found.values()]
        found["ratio"] = round(rates[0] / rates[1], 3)
        self._say(f"{devices} devices: {rates[0]:.0f}/s of {rates[1]:.0f}/s without storing")
        return found

    def alone(self) -> dict[str, Any]:
        """One device that waits for each acknowledgement before its next event."""
        count = max(20, int(ALONE_EVENTS * self._scale))
        real = self._run(1, count, window=1)
        bare = self._run(1, count, window=1, stores=False)
        return {"store": _figures([real]), "no_store": _figures([bare])}

    def check(self) -> None:
        """Every event that was acknowledged has taken effect; raises NotAllApplied."""
        applied = DeviceEvent.select().where(DeviceEvent.state == "APPLIED").count()
        if applied != self._sent:
            raise NotAllApplied(self._sent, applied)

    def _run(self, devices: int, each: int, window: int = 32, *, stores: bool = True) -> Load:
        names = self._names[:devices]
        self._runs += 1
        epoch = f"run-{self._runs}"
        payloads = {
            name: confirmations(name, epoch, self._work.release(name, each), ACTOR)
            for name in names
        }
        if stores:
            self._site.start("gateway")
            self._sent += sum(map(len, payloads.values()))
        else:
            self._site.start_plan(self._no_store)
        client = LoadClient(
            self._site.config.site, {name: self._passwords[name] for name in names},
            self._site.address,
        )  # fmt: skip
        before_s = self._site.cpu_s("gateway")
        try:
            load = client.run(epoch, payloads, window)
            return load._replace(gateway_cpu_s=self._site.cpu_s("gateway") - before_s)
        finally:
            client.close()
            self._site.end("gateway")


def _figures(runs: list[Load]) -> dict[str, Any]:
    together = Load(
        sum(run.events for run in runs), sum(run.seconds for run in runs),
        sorted(us for run in runs for us in run.latencies_us),
        sum(run.gateway_cpu_s for run in runs),
    )  # fmt: skip
    return {
        "events": together.events,
        "events_per_s": round(together.per_second, 1),
        "gateway_cpu_us_per_event": round(together.gateway_cpu_s / together.events * 1e6),
        "ack_p50_ms": together.percentile_us(50) / 1_000,
        "ack_p99_ms": together.percentile_us(99) / 1_000,
    }


def _disk(folder: Path) -> dict[str, Any]:
    """Bare commits on the same disk, and the device's own durable append."""
    times = appends(folder, APPENDS)
    return {
        "bare_group_commit_rows_per_s": round(
            group_commits_per_second(folder / "group.db", 20_000, GROUP), 1
        ),
        "bare_commit_p50_ms": times.bare_us[len(times.bare_us) // 2] / 1_000,
        "bare_commit_p99_ms": times.bare_us[len(times.bare_us) * 99 // 100] / 1_000,
        "scan_to_tone_p50_ms": times.outbox_us[len(times.outbox_us) // 2] / 1_000,
        "scan_to_tone_p99_ms": times.outbox_us[len(times.outbox_us) * 99 // 100] / 1_000,
    }
