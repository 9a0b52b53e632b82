"""Distance between clients and the simulated broker: everything takes a while, and keeps its order.

Owns what is under way on each connection. When one breaks, what was under way on it is lost, in
both directions, as it is with TCP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Final, Protocol

from simulators.virtual.network import Connection, Delivery, Message, Receiver, SimulatedBroker
from simulators.world import World

WAY_S: Final = (0.001, 0.030)
"""One way through Wi-Fi, broker and back: at least and, rarely, at most."""
NOTICE_S: Final = 0.5
"""How soon a client notices that its connection broke."""


class Client(Receiver, Protocol):
    """Who uses a wire."""

    def connected(self) -> None:
        """The broker accepted the connection."""
        ...


class Wire:
    """One connection of one client, with its way through the air. Made anew for each attempt."""

    def __init__(self, world: World, broker: SimulatedBroker, client: Client, chance: Random):
        self._world, self._broker, self._client, self._chance = world, broker, client, chance
        self._connection: Connection | None = None
        self._up_us = self._down_us = 0
        self.is_open = False

    def connect(self, name: str, will: Message, receive_max: int) -> None:
        """Open it. Raises BrokerDown; else `connected` follows."""
        self.is_open = True
        self._connection = self._broker.connect(
            name, _Downward(self), will=will, receive_max=receive_max
        )
        self.downward(self._client.connected)

    def subscribe(self, filters: Iterable[str]) -> None:
        wanted = tuple(filters)
        self._upward(lambda connection: connection.subscribe(wanted))

    def publish(self, message: Message, token: int = 0) -> None:
        self._upward(lambda connection: connection.publish(message, token))

    def ack(self, token: int) -> None:
        self._upward(lambda connection: connection.ack(token))

    def close(self) -> None:
        """Say farewell: what was sent before still arrives."""
        self._upward(lambda connection: connection.disconnect())

    def break_off(self) -> None:
        """Radio gone, process killed: what is under way is lost. Nobody is told here."""
        connection, self._connection, self.is_open = self._connection, None, False
        if connection is not None:
            self._world.after(NOTICE_S, connection.drop)

    # ── the two directions ───────────────────────────────────────────────────────────────

    def _upward(self, do: Callable[[Connection], None]) -> None:
        connection = self._connection
        if connection is None or not self.is_open:
            return

        def arrive() -> None:
            if self.is_open:
                do(connection)

        self._up_us = self._moment(self._up_us)
        self._world.agenda.at(self._up_us, arrive)

    def downward(self, do: Callable[[], None]) -> None:
        def arrive() -> None:
            if self.is_open:
                do()

        self._down_us = self._moment(self._down_us)
        self._world.agenda.at(self._down_us, arrive)

    def _moment(self, not_before_us: int) -> int:
        low, high = WAY_S
        way_s = low + (high - low) * self._chance.random() ** 4
        return max(not_before_us, self._world.clock.at_us + round(way_s * 1_000_000))

    def cut(self) -> None:
        """The other side is gone; the client notices a little later."""
        if not self.is_open:
            return
        self._connection, self.is_open = None, False
        self._world.after(NOTICE_S * self._chance.random(), self._client.cut)

    def delivered(self, delivery: Delivery) -> None:
        self.downward(lambda: self._client.delivered(delivery))

    def published(self, token: int, reason: int) -> None:
        self.downward(lambda: self._client.published(token, reason))


class _Downward:
    """What the broker says enters the way down."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def delivered(self, delivery: Delivery) -> None:
        self._wire.delivered(delivery)

    def published(self, token: int, reason: int) -> None:
        self._wire.published(token, reason)

    def cut(self) -> None:
        self._wire.cut()
