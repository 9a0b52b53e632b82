"""What is seen of a real folder, real processes and real rows."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from hub.devices.models import Device
from hub.health.facts import gather
from hub.health.metrics import text
from hub.process.caretaker import PARTS_FILE, PartsFile, PartState
from tests.hub.conftest import TestHub


def _parts(data: Path, pid: int) -> None:
    (data / PARTS_FILE).parent.mkdir(exist_ok=True)
    state = PartState("gateway", pid, is_ready=True, starts=2, since_us=1)
    (data / PARTS_FILE).write_bytes(msgspec.json.encode(PartsFile(os.getpid(), 1, (state,))))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def device(hub: TestHub) -> None:
    Device.create(
        site=hub.site, name="hh-1", kind="handheld", presence="ONLINE", seen_at=5,
        outbox_depth=90_000, battery_percent=40, created_at=1,
    )  # fmt: skip


def test_sizes_processes_and_devices_are_seen(hub: TestHub, data: Path, device: None):
    _parts(data, os.getpid())
    (data / "logs").mkdir()
    (data / "logs" / "web.log").write_bytes(b"x" * 300)
    (data / "hub.db").write_bytes(b"x" * 500)
    (data / "hub.db-wal").write_bytes(b"x" * 70)
    facts = gather(hub.site, data, hub.clock)
    assert (facts.database_bytes, facts.log_bytes) == (570, 300)
    assert facts.parts is not None
    (part,) = facts.parts
    assert (part.name, part.is_running, part.starts) == ("gateway", True, 2)
    assert part.memory_bytes > 1_000_000
    (seen,) = facts.devices
    assert (seen.name, seen.outbox_percent, seen.battery_percent) == ("hh-1", 90, 40)
    assert 0 < facts.disk_free < facts.disk_total


def test_a_part_that_is_down_takes_no_memory(hub: TestHub, data: Path):
    _parts(data, 0)
    facts = gather(hub.site, data, hub.clock)
    assert facts.parts is not None
    assert (facts.parts[0].is_running, facts.parts[0].memory_bytes) == (False, 0)


def test_without_a_supervisor_the_parts_are_unknown(hub: TestHub, data: Path):
    assert gather(hub.site, data, hub.clock).parts is None


def test_a_scrape_names_units_and_devices(hub: TestHub, data: Path, device: None):
    _parts(data, os.getpid())
    lines = text(gather(hub.site, data, hub.clock)).decode().splitlines()
    assert 'binlight_device_events_waiting{device="hh-1"} 90000.0' in lines
    assert 'binlight_device_battery_ratio{device="hh-1"} 0.4' in lines
    assert 'binlight_part_starts_total{part="gateway"} 2.0' in lines
    assert 'binlight_check_level{check="outboxes"} 1.0' in lines
