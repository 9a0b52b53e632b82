"""Broker, gateway and devices are killed in the middle, and nothing is lost or done twice.

Real mosquitto, the real gateway as a process, and devices made of the real outbox and link core.
What was promised by a device (its event is on its own disk) is compared with the hub's ledgers.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hub.devices import service
from hub.devices.models import DeviceEvent
from hub.fault_points import ENVIRONMENT_NAME
from hub.inventory.models import Movement
from hub.orders.models import OrderLine
from hub.outbox import OutboxMessage
from hub.verify.command import verify
from hub.warehouse.models import WorkLine
from simulators.bench.light_devices import Fleet, LightDevice
from simulators.bench.picks import Line, PickWork, confirmation
from simulators.bench.small_site import SmallSite

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ACTOR = "0" * 31 + "1"
SEED = 20_261_121
GATEWAY_POINTS = ("before_commit", "after_commit", "before_puback", "before_mark_sent")


class Ideal:
    """What has been promised: the ledger that the hub's must equal."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.taken: dict[bytes, int] = {}

    def promise(self, device: LightDevice, line: Line) -> None:
        epoch, seq = device.append(
            lambda epoch, seq: confirmation(device.name, epoch, seq, line, ACTOR)
        )
        self.keys.add(f"{device.name}/{epoch}/{seq}")
        self.taken[line.id] = line.quantity


class Floor:
    """A site, its devices, their work, and what they promised."""

    def __init__(self, site: SmallSite, folder: Path, devices: int) -> None:
        names = [f"h{n}" for n in range(1, devices + 1)]
        self.site, self.chance, self.ideal = site, Random(SEED), Ideal()
        passwords = site.add_devices(names)
        self.fleet = Fleet(
            [
                LightDevice("w1", name, password, site.address, folder, Random(n))
                for n, (name, password) in enumerate(passwords.items())
            ]
        )
        self._work = PickWork(site.journal, "w1", "shop", Random(SEED))
        self._work.stock_up()
        self._lines: dict[str, list[Line]] = {name: [] for name in names}

    def pick(self, each: int) -> None:
        """Every device promises so many picks."""
        for device in self.fleet.devices:
            lines = self._lines[device.name]
            if len(lines) < each:
                lines += self._work.release(device.name, max(each, 26))
            for _ in range(each):
                self.ideal.promise(device, lines.pop())

    def say_something(self) -> None:
        """A page queues one command for each device."""
        for name in self._lines:
            self.site.journal.perform(
                "devices.show_message",
                lambda act, name=name: service.show_message(act, name, "hello"),
                site="w1", via="page",
            )  # fmt: skip

    def settle(self) -> None:
        """Until every device knows that the hub has everything."""
        self.fleet.run_until("all events acknowledged", lambda: self.fleet.waiting == 0, 60)


def audit(floor: Floor) -> None:
    """The hub's ledgers equal what was promised: nothing lost, nothing doubled, books true."""
    keys = Counter(
        f"{row.device}/{row.epoch}/{row.seq}"
        for row in DeviceEvent.select().where(DeviceEvent.state == "APPLIED")
    )
    assert set(keys) == floor.ideal.keys
    assert max(keys.values()) == 1
    causes = Counter(row.cause for row in Movement.select().where(Movement.reason == "pick"))
    assert causes == keys
    picked = {bytes(row.id): row.picked for row in WorkLine.select().where(WorkLine.picked > 0)}
    assert picked == floor.ideal.taken
    lines = OrderLine.select().where(OrderLine.picked > 0)
    assert sum(row.picked for row in lines) == sum(floor.ideal.taken.values())
    assert verify(floor.site.journal.database).findings == []


@pytest.fixture
def floor(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Floor]:
    with SmallSite(tmp_path / "hub") as site:
        site.start("broker")
        made = Floor(site, tmp_path, getattr(request, "param", 6))
        yield made
        made.fleet.close()


def gateway_dies_at(floor: Floor, point: str, nth: int) -> None:
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


def somebody_dies(floor: Floor, who: str) -> None:
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


def test_thirty_six_kills_lose_nothing_and_double_nothing(floor: Floor):
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


def test_events_that_vanish_with_the_broker_at_the_tail_are_sent_again(floor: Floor):
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
def test_a_stalled_gateway_with_three_thousand_events_waiting_loses_none(floor: Floor):
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
