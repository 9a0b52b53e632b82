"""A handheld as its person knows it: a screen, a trigger, keys, a tone. And one in virtual time.

Owns switching on, losing the radio and being killed. What the device does is the real agent core's
business, over the real outbox.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from edge.config import DeviceConfig
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import Action, Input, KeyTyped, PlayTone, ScanRead, Stop, Tick
from edge.handheld.view import ScreenView
from edge.link.io_values import LinkConnected, LinkLost, MessageArrived, PubAck, Publish, Subscribe
from edge.link.reconnect import Backoff
from edge.storage.outbox import SqliteOutbox
from edge.tones import Tone
from protocols.limits import OUTBOX_ROWS_MAX
from simulators.virtual.network import BrokerDown, Delivery, Message, SimulatedBroker
from simulators.virtual.wires import Wire
from simulators.world import Entry, World

BOOT_S: Final = 3.0
"""From SIGKILL until the agent shows its screen again."""
RECEIVE_MAX: Final = 65_535


class Handheld(Protocol):
    """What a person can do with a device, live or in virtual time."""

    name: str
    heard: int
    """How many of the person's acts it has answered."""
    tone: Tone | None
    """What the last act sounded like."""
    on_change: Callable[[], None]
    """Called when there is something new to see or hear."""

    @property
    def view(self) -> ScreenView | None:
        """The screen; None while it is dark."""
        ...

    def now_ms(self) -> int:
        """The device's own time."""
        ...

    def scan(self, text: str) -> None:
        """Pull the trigger."""
        ...

    def type(self, text: str) -> None:
        """Type something and press Enter."""
        ...


class VirtualHandheld:
    """The real core, with the virtual world's clock and network."""

    def __init__(
        self, world: World, broker: SimulatedBroker, config: DeviceConfig, file: Path | str,
        capacity: int = OUTBOX_ROWS_MAX,
    ) -> None:  # fmt: skip
        self.name = config.device
        self.heard = 0
        self.tone: Tone | None = None
        self.on_change: Callable[[], None] = _nothing
        self._world, self._broker, self._config, self._file = world, broker, config, file
        self._capacity = capacity
        self._chance = world.chance(f"device/{self.name}")
        self._backoff = Backoff(self._chance)
        self._core: AgentCore | None = None
        self._wire: Wire | None = None
        self._tick: Entry | None = None
        self.has_radio = True
        self.starts = 0

    # ── for people ───────────────────────────────────────────────────────────────────────

    @property
    def view(self) -> ScreenView | None:
        return self._core.view if self._core is not None else None

    @property
    def core(self) -> AgentCore | None:
        """For auditors: None while it is switched off."""
        return self._core

    def now_ms(self) -> int:
        return self._world.clock.mono_ms()

    def scan(self, text: str) -> None:
        self._person(ScanRead(text))

    def type(self, text: str) -> None:
        for key in text:
            self.step(KeyTyped(key))
        self._person(KeyTyped("enter"))

    def _person(self, happened: Input) -> None:
        if self._core is None:
            return
        self.tone = None
        self.step(happened)
        self.heard += 1
        self.on_change()

    # ── power and radio ──────────────────────────────────────────────────────────────────

    def switch_on(self) -> None:
        """Start the agent on whatever its storage holds."""
        outbox = SqliteOutbox(self._file, self._chance, self._capacity)
        self._core = AgentCore(self._config, outbox, self._chance)
        self.starts += 1
        self._carry_out(self._core.start(self._world.clock.now()))
        self._connect()
        self._plan_tick()
        self.on_change()

    def kill(self) -> None:
        """SIGKILL; the agent is started again by itself."""
        if self._core is None:
            return
        self._core.outbox.close()
        self._core = None
        self._hang_up()
        self._world.after(BOOT_S, self.switch_on)
        self.on_change()

    def lose_radio(self, seconds: float) -> None:
        """Walk behind a wall of steel, and out again."""
        self.switch_radio(is_on=False)
        self._world.after(seconds, lambda: self.switch_radio(is_on=True))

    def switch_radio(self, *, is_on: bool) -> None:
        """Out of reach until switched on again; then it takes until its next try to connect."""
        self.has_radio = is_on
        if not is_on and self._hang_up():
            self.step(LinkLost())

    def _hang_up(self) -> bool:
        wire, self._wire = self._wire, None
        if wire is None:
            return False
        wire.break_off()
        if self._core is not None:
            self._try_again()
        return True

    # ── the network ──────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        core = self._core
        if core is None or self._wire is not None:
            return
        if not self.has_radio:
            self._try_again()
            return
        self._wire = wire = Wire(self._world, self._broker, self, self._chance)
        try:
            wire.connect(self.name, _message(core.link.will(self._world.clock.now())), RECEIVE_MAX)
        except BrokerDown:
            self._wire = None
            self._try_again()

    def _try_again(self) -> None:
        self._world.after(self._backoff.pause_ms() / 1_000, self._connect)

    def connected(self) -> None:
        self._backoff.reset()
        self.step(LinkConnected())

    def delivered(self, delivery: Delivery) -> None:
        if delivery.token and self._wire is not None:
            self._wire.ack(delivery.token)
        self.step(MessageArrived(delivery.topic, delivery.payload, delivery.correlation))

    def published(self, token: int, reason: int) -> None:
        if token:
            self.step(PubAck(token, reason))

    def cut(self) -> None:
        if self._wire is None or self._wire.is_open:
            return
        self._wire = None
        self.step(LinkLost())
        self._try_again()

    # ── the core ─────────────────────────────────────────────────────────────────────────

    def step(self, happened: Input) -> None:
        """One input of the core."""
        core = self._core
        if core is None:
            return
        before = core.view
        self._carry_out(core.step(happened, self._world.clock.now()))
        self._plan_tick()
        if self._core is not None and self._core.view is not before:
            self.on_change()

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case PlayTone(tone=tone):
                    self.tone = tone
                case Publish() if self._wire is not None:
                    self._wire.publish(_message(action), action.token or 0)
                case Subscribe(filters=filters) if self._wire is not None:
                    self._wire.subscribe(filters)
                case Stop():
                    self.kill()

    def _plan_tick(self) -> None:
        core = self._core
        if core is None:
            return
        due_ms = core.next_wakeup_us // 1_000
        wait_ms = max(1, due_ms - self.now_ms())
        if self._tick is not None:
            self._tick.drop()
        self._tick = self._world.after(wait_ms / 1_000, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self.step(Tick())


def _message(publish: Publish) -> Message:
    return Message(
        publish.topic, publish.payload, publish.qos, publish.retain, publish.expiry_s,
        publish.correlation,
    )  # fmt: skip


def _nothing(*_: Any) -> None:
    return
