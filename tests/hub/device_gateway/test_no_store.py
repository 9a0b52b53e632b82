"""The measure beside the gateway: without its storing it acknowledges and keeps nothing."""

from __future__ import annotations

from hub.journal import JournalRow
from simulators.bench.no_store import strip
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, acks


def test_a_gateway_that_stores_nothing_numbers_and_acknowledges_all_the_same(sqlite_hub: TestHub):
    floor = Floor(sqlite_hub)
    floor.enrol("h1")
    strip(floor.core)
    device, before = Device(floor), JournalRow.select().count()

    floor.hear(device.event(1), device.event(2), device.birth())
    said = floor.hear(device.event(3))

    assert [found.upto for found in acks(said)] == [3]
    assert (floor.events(), JournalRow.select().count()) == ([], before)
