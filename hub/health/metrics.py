"""The same facts in Prometheus' text format. Owns names and units of the metrics.

Built from one look at the facts, so a scrape costs a page and keeps no state. Names follow
https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from hub.health.rules import LEVELS, Facts, judge

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Scrape:
    """One look at a hub, as a collector wants it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        yield from _hub(self._facts)
        yield from _parts(self._facts)
        yield from _devices(self._facts)
        yield _checks(self._facts)


def text(facts: Facts) -> bytes:
    """What `/api/1/metrics` answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(facts))
    return generate_latest(registry)


def _hub(facts: Facts) -> Iterable[Metric]:
    yield CounterMetricFamily(
        "binlight_journal_acts", "Acts in the journal since it began", facts.journal_position
    )
    sizes = {
        "binlight_disk_free_bytes": ("Free bytes where the books are", facts.disk_free),
        "binlight_disk_size_bytes": ("Size of that disk", facts.disk_total),
        "binlight_database_bytes": ("Bytes of the database's files", facts.database_bytes),
        "binlight_log_bytes": ("Bytes of log files", facts.log_bytes),
        "binlight_commands_waiting": ("Commands to devices not answered", facts.commands_waiting),
        "binlight_events_parked": ("Events set aside for a decision", facts.parked),
    }
    for name, (meaning, value) in sizes.items():
        yield GaugeMetricFamily(name, meaning, value)
    for name, last in (("backup", facts.last_backup), ("verify", facts.last_verify)):
        if last is not None:
            yield GaugeMetricFamily(
                f"binlight_last_{name}_timestamp_seconds", f"When the last {name} ended",
                last.at / 1_000_000,
            )  # fmt: skip
            yield GaugeMetricFamily(
                f"binlight_last_{name}_ok", f"1: the last {name} was good", int(last.is_good)
            )


def _parts(facts: Facts) -> Iterable[Metric]:
    up = GaugeMetricFamily("binlight_part_up", "1: the program answers", labels=["part"])
    starts = CounterMetricFamily("binlight_part_starts", "Since the hub began", labels=["part"])
    memory = GaugeMetricFamily("binlight_part_memory_bytes", "Resident bytes", labels=["part"])
    for part in facts.parts or ():
        up.add_metric([part.name], int(part.is_running))
        starts.add_metric([part.name], part.starts)
        memory.add_metric([part.name], part.memory_bytes)
    return up, starts, memory


def _devices(facts: Facts) -> Iterable[Metric]:
    online = GaugeMetricFamily("binlight_device_online", "1: connected", labels=["device"])
    waiting = GaugeMetricFamily(
        "binlight_device_events_waiting", "Events told of and not arrived", labels=["device"]
    )
    battery = GaugeMetricFamily("binlight_device_battery_ratio", "0 to 1", labels=["device"])
    disk = GaugeMetricFamily("binlight_device_disk_free_bytes", "On it", labels=["device"])
    for device in facts.devices:
        online.add_metric([device.name], int(device.presence == "ONLINE"))
        waiting.add_metric([device.name], device.outbox_depth)
        if device.battery_percent is not None:
            battery.add_metric([device.name], device.battery_percent / 100)
        if device.disk_free_mb is not None:
            disk.add_metric([device.name], device.disk_free_mb * 2**20)
    return online, waiting, battery, disk


def _checks(facts: Facts) -> Metric:
    levels = GaugeMetricFamily("binlight_check_level", "0 good, 1 warning, 2 bad", labels=["check"])
    for check in judge(facts):
        levels.add_metric([check.name], LEVELS.index(check.level))
    return levels
