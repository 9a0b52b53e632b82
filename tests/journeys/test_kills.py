"""Broker, gateway and devices are killed in the middle, and nothing is lost or done twice.

Real mosquitto, the real gateway as a process, and devices made of the real outbox and link core.
What was promised by a device (its event is on its own disk) is compared with the hub's ledgers.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.fault_points import ENVIRONMENT_NAME
from hub.outbox import OutboxMessage
from simulators.campaigns.faults.picking_site import PickingSite, picking_site

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SEED = 20_261_121
GATEWAY_POINTS = ("before_commit", "after_commit", "before_puback", "before_mark_sent")


def audit(floor: PickingSite) -> None:
    """The hub's ledgers equal what was promised: nothing lost, nothing doubled, books true."""
    found = floor.audit()
    assert found.is_clean, found.details
    assert found.parked == 0
    assert floor.findings() == []


@pytest.fixture
def floor(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PickingSite]:
    with picking_site(tmp_path, getattr(request, "param", 6), SEED) as made:
        yield made


def gateway_dies_at(floor: PickingSite, point: str, nth: int) -> None:
    """Start a gateway that kills itself, and give it work until it has."""
    floor.site.launch("gateway", {ENVIRONMENT_NAME: f"gateway:{point}:{nth}"})
    process = floor.site.process("gateway")

    def is_dead() -> bool:
        if process.poll() is None and floor.fleet.waiting < 20:
            floor.pick(2)
        if point == "before_mark_sent" and states_of_commands() <= {"ACCEPTED"}:
            floor.say_something()
        return process.poll() is not None

    floor.fleet.run_until(f"the gateway dies at {point}", is_dead)
    assert process.returncode == -signal.SIGKILL
    floor.site.end("gateway")


def somebody_dies(floor: PickingSite, who: str) -> None:
    """Kill a part while events are under way, and start it again."""
    floor.pick(floor.chance.randint(1, 4))
    for _ in range(floor.chance.randint(0, 12)):
        floor.fleet.step()
    if who == "device":
        floor.chance.choice(floor.fleet.devices).pull_the_plug()
        return
    floor.site.end(who)
    floor.pick(1)
    floor.site.start(who)


def test_thirty_six_kills_lose_nothing_and_double_nothing(floor: PickingSite):
    print(f"seed {SEED}")
    for point in GATEWAY_POINTS:
        for nth in (1, floor.chance.randint(2, 5)):
            gateway_dies_at(floor, point, nth)
    floor.site.start("gateway")
    victims = ["broker"] * 9 + ["gateway"] * 9 + ["device"] * 10
    floor.chance.shuffle(victims)
    for who in victims:
        somebody_dies(floor, who)
    floor.settle()
    audit(floor)
    floor.fleet.run_until("every command answered", lambda: states_of_commands() == {"ACCEPTED"})


def states_of_commands() -> set[Any]:
    return {row.state for row in OutboxMessage.select(OutboxMessage.state)}


def test_events_that_vanish_with_the_broker_at_the_tail_are_sent_again(floor: PickingSite):
    """No gap shows when the last events are lost: the device must notice by itself."""
    floor.site.start("gateway")
    floor.pick(2)
    floor.settle()
    floor.site.send("gateway", signal.SIGSTOP)
    floor.pick(5)
    for _ in range(10):
        floor.fleet.step()
    floor.site.end("broker")
    floor.site.start("broker")
    floor.site.send("gateway", signal.SIGCONT)
    floor.settle()
    audit(floor)


@pytest.mark.parametrize("floor", [100], indirect=True)
def test_a_stalled_gateway_with_three_thousand_events_waiting_loses_none(floor: PickingSite):
    floor.site.start("gateway")
    floor.pick(1)
    floor.settle()
    floor.site.send("gateway", signal.SIGSTOP)
    floor.pick(30)
    floor.fleet.run_until(
        "the broker has them all",
        lambda: all(device.is_at_the_broker for device in floor.fleet.devices),
    )
    assert floor.fleet.waiting == 3_000
    floor.site.send("gateway", signal.SIGCONT)
    floor.settle()
    audit(floor)
