"""The way between a client and the simulated broker: takes time, keeps order, loses what breaks."""

from __future__ import annotations

from simulators.virtual.network import Delivery, Message, SimulatedBroker
from simulators.virtual.wires import Wire
from simulators.world import World

WILL = Message("dev/h1/birth", b"gone")


class Listener:
    """A client that subscribes and remembers."""

    def __init__(self, world: World, broker: SimulatedBroker, name: str) -> None:
        self.wire = Wire(world, broker, self, world.chance(name))
        self.heard: list[str] = []
        self.pubacks: list[int] = []
        self.cuts = 0
        self._world = world
        self.wire.connect(name, WILL, 100)

    def connected(self) -> None:
        self.wire.subscribe(["dev/+/evt", "dev/+/birth"])

    def delivered(self, delivery: Delivery) -> None:
        self.heard.append(delivery.payload.decode())
        self.wire.ack(delivery.token)

    def published(self, token: int, reason: int) -> None:
        self.pubacks.append(token)

    def cut(self) -> None:
        self.cuts += 1


def settle(world: World, seconds: float = 5.0) -> None:
    world.run(world.clock.at_us + round(seconds * 1_000_000))


def pair() -> tuple[World, SimulatedBroker, Listener, Listener]:
    world = World(3)
    broker = SimulatedBroker(world.clock.now_us)
    hub, device = Listener(world, broker, "hub"), Listener(world, broker, "h1")
    settle(world)
    return world, broker, hub, device


def test_messages_take_a_while_and_keep_their_order() -> None:
    world, _, hub, device = pair()
    for number in range(200):
        device.wire.publish(Message("dev/h1/evt", str(number).encode()), number + 1)
    assert hub.heard == []
    settle(world)
    assert hub.heard == [str(number) for number in range(200)]
    assert device.pubacks == list(range(1, 201))


def test_what_is_under_way_on_a_broken_wire_is_lost_and_the_will_is_spoken() -> None:
    world, _, hub, device = pair()
    device.wire.publish(Message("dev/h1/evt", b"lost"), 1)
    device.wire.break_off()
    settle(world)
    assert hub.heard == ["gone"]
    assert device.pubacks == []


def test_a_killed_broker_is_noticed_by_everybody() -> None:
    world, broker, hub, device = pair()
    broker.kill()
    settle(world)
    assert (hub.cuts, device.cuts) == (1, 1)
    assert not device.wire.is_open


def test_a_message_that_has_expired_is_not_delivered() -> None:
    world, broker, hub, device = pair()
    hub.wire.break_off()
    settle(world)
    device.wire.publish(Message("dev/h1/evt", b"old", expiry_s=10), 1)
    settle(world, 60)
    device.wire.publish(Message("dev/h1/evt", b"new", expiry_s=10), 2)
    settle(world, 1)
    hub.wire = Wire(world, broker, hub, world.chance("again"))
    hub.wire.connect("hub", WILL, 100)
    settle(world)
    assert hub.heard == ["gone", "new"]  # its own Will met its session, which listens to all
