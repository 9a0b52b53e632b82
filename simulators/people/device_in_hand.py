"""A handheld in somebody's hand: taken from the rack, scanned with, typed on, listened to.

Owns how people wait for a tone, and how fast they move. What they want to say is the picker's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from edge.handheld.view import ScreenView
from edge.tones import Tone
from protocols.barcodes import command_label
from protocols.barcodes.labels import LABEL_PREFIX
from simulators.hall import Hall
from simulators.people.actors import Asking, Busy, Machine, Until
from simulators.virtual.handheld import Handheld

PATIENCE_S: Final = 3.0
"""So long somebody waits for a tone before looking at the screen again."""
ECHO_S: Final = 0.75
"""The same label of ours sooner than this is taken for one pull of the trigger; an article's
barcode is counted however fast it comes."""
SCREEN_S: Final = 60.0
"""So long somebody looks at a dark screen before doing something else."""


class Habits(NamedTuple):
    """How somebody works: speeds, seconds, and how often things happen."""

    walk_cm_s: float = 110.0
    scan_s: float = 1.4
    reach_s: float = 2.5
    piece_s: float = 0.4
    type_s: float = 2.5
    wrong_scan: float = 0.02
    double_scan: float = 0.015
    wrong_pin: float = 0.05
    undo: float = 0.006
    skip: float = 0.004
    call: float = 0.0008
    types_digits: float = 0.05
    lines_to_break: int = 120
    break_s: float = 480.0


class DeviceInHand:
    """One person's present device, if any. `on_answer` hears of each act: the screen after it, and
    whether the tone said yes.
    """

    def __init__(self, hall: Hall, habits: Habits) -> None:
        self._hall, self._habits = hall, habits
        self.on_device: Callable[[Handheld | None], None] = lambda _device: None
        self.on_answer: Callable[[ScreenView, bool], None] = lambda _view, _is_taken: None
        self._device: Handheld | None = None
        self._last_scan = ("", 0)

    @property
    def is_there(self) -> bool:
        return self._device is not None

    @property
    def view(self) -> ScreenView | None:
        """What the screen shows; None while it is dark, or while there is no device."""
        return self._device.view if self._device is not None else None

    @property
    def is_ready(self) -> bool:
        """Whether the screen says that there is no work yet."""
        return self.view is not None and self.view.phase == "READY"

    def take(self) -> Asking:
        """One from the rack; when there is none, somebody looks again later."""
        if not self._hall.rack:
            yield Busy(10)
            return
        self._device = self._hall.rack.popleft()
        self.on_device(self._device)
        yield Busy(5)

    def give_back(self) -> None:
        if self._device is not None:
            self.on_device(None)
            self._hall.rack.append(self._device)
            self._device = None

    def scan(self, text: str) -> Asking:
        """Pull the trigger and listen; True when it was taken."""
        device = self._device
        if device is None or device.view is None:
            return False
        last, at_ms = self._last_scan
        is_echo = text == last and device.now_ms() - at_ms < ECHO_S * 1_000
        if is_echo and text.startswith(LABEL_PREFIX):
            yield Machine(ECHO_S)
        yield Busy(self._habits.scan_s)
        self._last_scan = (text, device.now_ms())
        return (yield from self._do(device, lambda: device.scan(text)))

    def say(self, word: str) -> Asking:
        """Scan a command."""
        return (yield from self.scan(command_label(word)))

    def type(self, text: str) -> Asking:
        """Type and press Enter; True when it was taken."""
        device = self._device
        if device is None or device.view is None:
            return False
        yield Busy(self._habits.type_s)
        return (yield from self._do(device, lambda: device.type(text)))

    def _do(self, device: Handheld, act: Callable[[], None]) -> Asking:
        before = device.heard
        act()
        yield Until(lambda: device.heard > before or device.view is None, PATIENCE_S)
        if device.heard == before or device.view is None:
            return False
        is_taken = device.tone not in {Tone.REFUSED, Tone.ALERT, None}
        self.on_answer(device.view, is_taken)
        return is_taken

    def wait_for_screen(self) -> Asking:
        """After a dark screen: what does it show now?"""
        yield Until(lambda: self.view is not None, SCREEN_S)
