"""What the hub shows of a device that dies, leaves, or comes back, in virtual time.

The same with a real broker: `tests/simulators/test_returning_devices.py`, and measured with 200
devices by `binlight bench reconnect`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.devices.models import Device
from protocols.limits import KEEPALIVE_S
from simulators.virtual import wires
from simulators.virtual.handheld import VirtualHandheld
from tests.journeys.floor_in_time import BIN, SOON_S, FloorInTime

SILENCE_S = 1.5 * KEEPALIVE_S
"""After this a broker ends a silent connection (MQTT 5.0, 3.1.2.10)."""
SHOWN_WITHIN_S = 30.0
LEFT_WITHIN_S = 1.0


@pytest.fixture
def floor(tmp_path) -> Iterator[FloorInTime]:
    made = FloorInTime(tmp_path, {f"{BIN}/MUG": 1}, {"MUG": 1})
    yield made
    made.database.close()


def shown(machine: VirtualHandheld) -> str:
    return str(Device.get(Device.name == machine.name).presence)


def test_a_device_whose_radio_died_is_off_line_within_half_a_minute(floor, monkeypatch):
    monkeypatch.setattr(wires, "NOTICE_S", SILENCE_S)
    machine = floor.first.machine
    machine.switch_radio(is_on=False)
    floor.run(SILENCE_S - 1)
    assert shown(machine) == "ONLINE"
    floor.run(SHOWN_WITHIN_S - SILENCE_S + 1)
    assert shown(machine) == "OFFLINE"
    machine.switch_radio(is_on=True)
    floor.run(SOON_S)
    assert shown(machine) == "ONLINE"


def test_a_will_that_comes_after_the_device_is_back_changes_nothing(floor, monkeypatch):
    """The broker speaks late for the old connection; the new session is what counts."""
    monkeypatch.setattr(wires, "NOTICE_S", SILENCE_S)
    machine = floor.first.machine
    machine.lose_radio(1.0)
    floor.run(SILENCE_S + SHOWN_WITHIN_S)
    assert shown(machine) == "ONLINE"


def test_a_killed_agent_is_off_line_and_back_by_itself(floor):
    machine = floor.first.machine
    machine.kill()
    floor.run(LEFT_WITHIN_S)
    assert shown(machine) == "OFFLINE"
    floor.run(SOON_S)
    assert shown(machine) == "ONLINE"


def test_a_clean_leave_is_shown_within_a_second_and_is_no_failure(floor):
    machine = floor.first.machine
    machine._carry_out(machine.core.leave(floor.clock.now()))
    machine._wire.close()
    machine.has_radio = False  # switched off, so it does not come back
    floor.run(LEFT_WITHIN_S)
    assert shown(machine) == "LEFT"
    assert floor.open() == []
