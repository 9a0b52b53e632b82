"""Every message that devices were ever released with is still taken."""

from __future__ import annotations

import json
from pathlib import Path

from protocols.topics import UP_CHANNELS
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, acks

VECTORS = Path(__file__).resolve().parents[3] / "protocols" / "vectors"


def test_golden_messages_of_devices_are_taken(sqlite_hub: TestHub):
    floor = Floor(sqlite_hub)
    floor.enrol("h1")
    device = Device(floor)
    vectors = [json.loads(line) for line in (VECTORS / "v1.jsonl").read_text().splitlines()]
    events = [v for v in vectors if v["channel"] == "evt"]
    for type in {json.loads(v["payload"])["type"] for v in events}:
        floor.handlers[type] = lambda act, event, data: None
    said = floor.hear(
        *(device.on(v["channel"], v["payload"].encode())
          for v in vectors if v["channel"] in UP_CHANNELS)
    )  # fmt: skip
    assert acks(said)[0].upto == len(events)
    assert {state for _, state in floor.events()} == {"APPLIED"}
    assert floor.refused() == {"UNKNOWN_COMMAND": 2}  # nobody has sent those commands here
