"""The agent's one loop: scanner, broker, clock and keyboard in, core in the middle, actions out.

Owns the selector and the order of turns. It decides nothing about work. Other threads (the
screen's) only `put` an input or call `stop`; everything else happens in the thread of `run`.
"""

from __future__ import annotations

import os
import random
import selectors
import socket
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from edge import gauges
from edge.clock import Clock, Now
from edge.config import GaugesConfig
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import (
    Action,
    BatteryRead,
    DiskRead,
    EnrolAgain,
    EnrolmentOver,
    Input,
    PlayTone,
    RadioRead,
    ScreenChanged,
    Stop,
    Tick,
)
from edge.handheld.view import ScreenView
from edge.keypad import Keypad
from edge.link.hub_access import HubAccess
from edge.link.hub_link import HubLink
from edge.link.io_values import LinkAction, LinkInput
from edge.scanner_port import ScannerPort
from edge.systemd import ServiceManager
from edge.tones import ToneDriver

WAIT_MAX_MS: Final = 1_000
DEFAULT_GAUGES: Final = GaugesConfig()


class Core(Protocol):
    """What the loop runs: the agent's core, or the one of a device without identity."""

    @property
    def next_wakeup_us(self) -> int:
        """When a Tick is due at the latest, in microseconds of CLOCK_BOOTTIME."""
        ...

    def start(self, now: Now) -> list[Action]:
        """The first actions."""
        ...

    def step(self, happened: Input, now: Now) -> list[Action]:
        """One input, and what is to be done about it, in this order."""
        ...

    def leave(self, now: Now) -> list[Action]:
        """The last actions."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Link(Protocol):
    """What moves bytes for a core: the link to the hub, or an enrolment."""

    @property
    def socket(self) -> socket.socket | None:
        """For the selector; None while there is nothing to wait on."""
        ...

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for room in the socket."""
        ...

    @property
    def next_wakeup_ms(self) -> int | None:
        """When `turn` is due at the latest."""
        ...

    @property
    def inbox(self) -> deque[LinkInput]:
        """What has come."""
        ...

    def turn(self, now_ms: int, readable: bool, writable: bool) -> None:
        """Do what is due; never waits."""
        ...

    def carry_out(self, action: LinkAction) -> None:
        """Do what the core wants; never waits."""
        ...

    def close(self) -> None:
        """End in good order."""
        ...


MakeLink = Callable[[Callable[[], None]], Link]


def linked(access: HubAccess, core: AgentCore, clock: Clock, chance: random.Random) -> MakeLink:
    """The link of an agent to its hub."""

    def make(wake: Callable[[], None]) -> Link:
        return HubLink(
            access, core.config.device, lambda: core.link.will(clock.now()), chance, wake
        )

    return make


class AgentLoop:
    """Runs one core with real parts."""

    def __init__(
        self,
        core: Core,
        clock: Clock,
        tones: ToneDriver,
        scanner: ScannerPort | None,
        make_link: MakeLink,
        gauges_config: GaugesConfig = DEFAULT_GAUGES,
        manager: ServiceManager | None = None,
        folder: Path | None = None,
    ) -> None:
        """`make_link` is given what wakes it up; `folder` is where the device keeps things."""
        self._core, self._clock, self._tones, self._scanner = core, clock, tones, scanner
        self._gauges = gauges_config
        self._manager = manager or ServiceManager({})
        self._folder = folder
        self.keypad: Keypad | None = None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        weakref.finalize(self, _close_both, self._wake_read, self._wake_write)
        self._selector = selectors.DefaultSelector()
        self._link = make_link(self._wake)
        self._waiting: deque[Input] = deque()
        self._is_stopping = False
        self._gauges_at_ms = 0
        self.on_view: Callable[[ScreenView], None] = lambda _view: None
        self.failure = ""
        self.enrolment_code = ""
        """Scanned by somebody who wants to give the device another identity."""

    # ── for other threads ────────────────────────────────────────────────────────────────

    def put(self, happened: Input) -> None:
        """An input from elsewhere, such as a key."""
        self._waiting.append(happened)
        self._wake()

    def stop(self) -> None:
        """End `run` soon."""
        self._is_stopping = True
        self._wake()

    # ── the loop ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Until `stop`, or until the core can promise nothing more (then `failure` says why)."""
        try:
            self._open_scanner()
            self._carry_out(self._core.start(self._clock.now()))
            self._manager.ready("takes scans")
            while not self._is_stopping:
                self._turn()
        finally:
            self._close()

    def _open_scanner(self) -> None:
        """Before a screen asks for a scan, or a quick hand scans for nobody."""
        if self._scanner is not None:
            self._waiting.extend(self._scanner.turn(self._clock.now().mono_ms, readable=False))

    def _turn(self) -> None:
        ready = self._wait()
        now_ms = self._clock.now().mono_ms
        if self._scanner is not None:
            for happened in self._scanner.turn(now_ms, self._scanner.fileno in ready):
                self._step(happened)
        if self.keypad is not None and self.keypad.fileno in ready:
            self._waiting.extend(self.keypad.read())
        while self._waiting:
            self._step(self._waiting.popleft())
        sock = self._link.socket
        events = ready.get(sock.fileno(), 0) if sock is not None else 0
        readable, writable = events & selectors.EVENT_READ, events & selectors.EVENT_WRITE
        self._link.turn(now_ms, bool(readable), bool(writable))
        while self._link.inbox:
            self._step(self._link.inbox.popleft())
        self._look_at_gauges(now_ms)
        self._manager.alive(now_ms)
        if now_ms * 1_000 >= self._core.next_wakeup_us:
            self._step(Tick())

    def _step(self, happened: Input) -> None:
        self._carry_out(self._core.step(happened, self._clock.now()))

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case PlayTone(tone=tone):
                    self._tones.play(tone)
                case ScreenChanged(view=view):
                    self.on_view(view)
                case Stop(reason=reason):
                    self.failure, self._is_stopping = reason, True
                case EnrolAgain(text=text):
                    self.enrolment_code, self._is_stopping = text, True
                case EnrolmentOver():
                    self._is_stopping = True
                case _:
                    self._link.carry_out(action)

    def _wait(self) -> dict[int | None, int]:
        """Descriptor → what it is ready for. Registered anew: there are three, and they change."""
        wanted = self._wanted()
        for fd, events in wanted.items():
            self._selector.register(fd, events)
        try:
            found = self._selector.select(self._patience_s())
        finally:
            for fd in wanted:
                self._selector.unregister(fd)
        ready: dict[int | None, int] = {key.fd: events for key, events in found}
        if self._wake_read in ready:
            _drain(self._wake_read)
        return ready

    def _wanted(self) -> dict[int, int]:
        wanted = {self._wake_read: selectors.EVENT_READ}
        if self._scanner is not None and self._scanner.fileno is not None:
            wanted[self._scanner.fileno] = selectors.EVENT_READ
        if self.keypad is not None and self.keypad.fileno is not None:
            wanted[self.keypad.fileno] = selectors.EVENT_READ
        sock = self._link.socket
        if sock is not None:
            write = selectors.EVENT_WRITE if self._link.wants_write else 0
            wanted[sock.fileno()] = selectors.EVENT_READ | write
        return wanted

    def _patience_s(self) -> float:
        due = [self._core.next_wakeup_us // 1_000, self._gauges_at_ms]
        if self._scanner is not None:
            due.append(self._scanner.next_wakeup_ms)
        if self._link.next_wakeup_ms is not None:
            due.append(self._link.next_wakeup_ms)
        return max(0, min(min(due) - self._clock.now().mono_ms, WAIT_MAX_MS)) / 1_000

    def _look_at_gauges(self, now_ms: int) -> None:
        if now_ms < self._gauges_at_ms:
            return
        self._gauges_at_ms = now_ms + self._gauges.every_s * 1_000
        percent = gauges.battery_percent(Path(self._gauges.power_supplies))
        if percent is not None:
            self._step(BatteryRead(percent))
        self._step(RadioRead(gauges.radio_dbm(Path(self._gauges.wireless))))
        if self._folder is not None:
            self._step(DiskRead(gauges.disk_free_mb(self._folder)))

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"w")
        except BlockingIOError:
            return  # it is awake already

    def _close(self) -> None:
        self._carry_out(self._core.leave(self._clock.now()))
        self._link.close()
        if self._scanner is not None:
            self._scanner.close()
        self._core.close()
        self._selector.close()


def _close_both(read: int, write: int) -> None:
    """Not at the end of `run`: other threads may still call `put`, and a number is given anew."""
    os.close(read)
    os.close(write)


def _drain(fd: int) -> None:
    try:
        while os.read(fd, 4_096):
            continue
    except BlockingIOError:
        return
