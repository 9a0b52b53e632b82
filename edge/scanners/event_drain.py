"""Fetches key events the moment the kernel has them. Owns the one thread that a driver may start.

The kernel keeps 64 events of a keyboard for each reader, about twelve characters of a scan, and
drops what comes then. An agent that commits a scan to a slow card is away for longer than that. So
a thread empties the kernel's buffer into memory, where there is room for a thousand scans, and the
agent takes the events from here. It decodes nothing.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol

from edge.scanners.keymap import EV_SYN, SYN_DROPPED

EVENTS_MAX: Final = 65_536
"""More is told like a loss in the kernel, and nothing of it is given: no half of a scan."""

Event = tuple[int, int, int]
"""Type, code, value."""


class InputEvent(Protocol):
    """As evdev gives it."""

    type: int
    code: int
    value: int


class Device(Protocol):
    """What of evdev's InputDevice is used here."""

    fd: int

    def read(self) -> Iterable[InputEvent]:
        """What is there. Raises BlockingIOError for nothing, OSError when the device is gone."""
        ...


class EventDrain:
    """The events of one open device, until `close`."""

    def __init__(self, device: Device, events_max: int = EVENTS_MAX) -> None:
        self._device = device
        self._events_max = events_max
        self._events: deque[Event] = deque()
        self._failure: OSError | None = None
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stop = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="scanner", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable when there is something to take, or when the device is gone."""
        return self._wake

    def take(self) -> list[Event]:
        """What has come since, in order. Raises OSError once the device is gone and all is told."""
        failure = self._failure  # looked at first: what came before it is in the queue by now
        self._sleep()
        events = [self._events.popleft() for _ in range(len(self._events))]
        if failure is None:
            return events
        os.eventfd_write(self._wake, 1)
        if not events:
            raise failure
        return events

    def close(self) -> None:
        """End the thread; the device itself stays open."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        os.close(self._wake)
        os.close(self._stop)

    def _sleep(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self._device.fd, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        try:
            while self._stop not in dict(waiting.poll()):
                self._fetch()
                os.eventfd_write(self._wake, 1)
        except OSError as gone:
            self._failure = gone
            os.eventfd_write(self._wake, 1)

    def _fetch(self) -> None:
        """One read: up to 64 events, which is all that the kernel keeps."""
        try:
            fetched = [(event.type, event.code, event.value) for event in self._device.read()]
        except BlockingIOError:
            return
        if len(self._events) + len(fetched) > self._events_max:
            self._events.clear()
            fetched = [(EV_SYN, SYN_DROPPED, 0)]
        self._events.extend(fetched)
