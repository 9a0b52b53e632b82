"""The hub in virtual time: the real gateway core, planner and services over one database.

Owns when they get their turn. Killed, the gateway loses what it held in memory and starts again;
the database has what was committed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.config import BROKER_HUB_USER, HubConfig
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.devices import day_roots
from hub.journal import Journal
from hub.warehouse import clock_jumps, planner
from hub.wiring import make_gateway
from protocols.limits import GATEWAY_RECEIVE_MAX
from protocols.topics import gateway_filters
from simulators.virtual.network import BrokerDown, Delivery, Message, SimulatedBroker
from simulators.virtual.wires import Wire
from simulators.world import Entry, World

GROUP_S: Final = 0.002
"""How long messages gather while a group is being stored."""
RESTART_S: Final = 1.0
RECONNECT_S: Final = 0.3
TICK_S: Final = 10.0
SOON_S: Final = 0.1
PLANNER_S: Final = 30.0
PLANNER_SOON_S: Final = 0.3
CONCERNS_PLANNER: Final = (b'"WorkRequested"', b'"AssignmentCompleted"')
"""Events after which there may be something to plan."""
CONCERNS_DEVICES: Final = (*CONCERNS_PLANNER, b'"PickShorted"', b'"PersonLoggedIn"')
"""Events after which a device may have something to hear."""


class Killed(BaseException):
    """SIGKILL at a named point: nothing that is above may go on."""


class VirtualGateway:
    """The gateway's core on a wire."""

    def __init__(
        self, world: World, broker: SimulatedBroker, config: HubConfig, journal: Journal,
        on_work: Callable[[], None],
    ) -> None:  # fmt: skip
        self._world, self._broker, self._config, self._journal = world, broker, config, journal
        self._on_work = on_work
        self._chance = world.chance("gateway")
        self._core: GatewayCore | None = None
        self._wire: Wire | None = None
        self._batch: list[Arrived] = []
        self._is_storing = False
        self._tick: Entry | None = None
        self.dies_at: str | None = None
        """The named point at which the next group kills it."""
        self.starts = 0

    # ── life ─────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """A new process: it knows what the database knows."""
        self.starts += 1
        self._core = make_gateway(
            self._config, self._journal.database, self._journal.clock, self._reached
        )
        self._connect()

    def kill(self) -> None:
        """SIGKILL; the supervisor process starts another."""
        if self._core is None:
            return
        self._core = None
        self.dies_at = None
        self._batch = []
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.break_off()
        self._world.after(RESTART_S, self.start)

    def _reached(self, point: str) -> None:
        if point == self.dies_at:
            raise Killed(point)

    # ── the connection ───────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        if self._core is None or self._wire is not None:
            return
        self._wire = Wire(self._world, self._broker, self, self._chance)
        will = _message(self._core.state(is_online=False))
        try:
            self._wire.connect(BROKER_HUB_USER, will, GATEWAY_RECEIVE_MAX)
        except BrokerDown:
            self._wire = None
            self._world.after(RECONNECT_S, self._connect)

    def connected(self) -> None:
        if self._wire is None or self._core is None:
            return
        self._wire.subscribe(gateway_filters(self._config.site))
        self._say(self._core.connected())
        self.soon(SOON_S)

    def cut(self) -> None:
        if self._wire is None or self._wire.is_open:
            return
        self._wire, self._batch = None, []
        self._world.after(RECONNECT_S, self._connect)

    def delivered(self, delivery: Delivery) -> None:
        self._batch.append(
            Arrived(delivery.topic, delivery.payload, delivery.token, delivery.correlation)
        )
        if not self._is_storing:
            self._is_storing = True
            self._world.after(GROUP_S, self._store)

    def published(self, token: int, reason: int) -> None:
        return

    # ── its turns ────────────────────────────────────────────────────────────────────────

    def _store(self) -> None:
        self._is_storing = False
        batch, self._batch = self._batch, []
        if self._core is None or self._wire is None or not batch:
            return
        try:
            self._say(list(self._core.step(batch)))
            self._reached("before_puback")
        except Killed:
            self.kill()
            return
        for arrived in batch:
            if arrived.token:
                self._wire.ack(arrived.token)
        self._look_for_work(batch)

    def _look_for_work(self, batch: list[Arrived]) -> None:
        if any(word in arrived.payload for arrived in batch for word in CONCERNS_PLANNER):
            self._on_work()
        answers = any(arrived.topic.endswith(("cmd_ack", "birth")) for arrived in batch)
        if answers or any(word in a.payload for a in batch for word in CONCERNS_DEVICES):
            self.soon(SOON_S)

    def soon(self, seconds: float) -> None:
        """Have a tick at the latest so many seconds from now."""
        due_us = self._world.clock.at_us + round(seconds * 1_000_000)
        if self._tick is not None and self._tick.do is not None and self._tick.due_us <= due_us:
            return
        if self._tick is not None:
            self._tick.drop()
        self._tick = self._world.after(seconds, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        if self._core is not None and self._wire is not None:
            try:
                self._say(self._core.tick())
            except Killed:
                self.kill()
        self.soon(TICK_S)

    def _say(self, publishes: object) -> None:
        for publish in publishes:  # type: ignore[attr-defined]  # an iterable of Publish
            if self._wire is not None:
                self._wire.publish(_message(publish))


class VirtualPlanner:
    """The planner's steps: soon after something happened, and now and then."""

    def __init__(
        self, world: World, journal: Journal, site: str, on_act: Callable[[], None]
    ) -> None:
        self._world, self._journal, self._site, self._on_act = world, journal, site, on_act
        self._due: Entry | None = None
        self._watch = clock_jumps.JumpWatch(journal.clock)

    def soon(self, seconds: float = PLANNER_SOON_S) -> None:
        """Have a step at the latest so many seconds from now."""
        due_us = self._world.clock.at_us + round(seconds * 1_000_000)
        if self._due is not None and self._due.do is not None and self._due.due_us <= due_us:
            return
        if self._due is not None:
            self._due.drop()
        self._due = self._world.after(seconds, self._step)

    def _step(self) -> None:
        self._due = None
        if clock_jumps.follow_if_set(self._journal, self._site, self._watch.look()):
            self._on_act()
        if day_roots.keep_if_due(self._journal, self._site):
            self._on_act()
        if planner.step(self._journal, self._site):
            self._on_act()
            self.soon()
        self.soon(PLANNER_S)


def _message(publish: Publish) -> Message:
    return Message(
        publish.topic, publish.payload, publish.qos, publish.retain, publish.expiry_s,
        publish.correlation,
    )  # fmt: skip
