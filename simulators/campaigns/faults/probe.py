"""A device whose only work is to ask, again and again, whether an event still gets home.

Owns one light device in a thread of its own. Recovery is measured with it: a hub is back when an
event of the probe is acknowledged. It also says what no device should: poison.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hub.config import BrokerAddress
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.events import PersonLoggedOut
from simulators.bench.light_devices import Fleet, LightDevice

NAME: Final = "probe"
EVERY_S: Final = 0.2
"""Between an acknowledgement and the next event."""
END_S: Final = 60.0


class Probe:
    """Sends one event after another; `last_ack_s` is when the hub last took one."""

    def __init__(
        self, site: str, password: str, address: BrokerAddress, folder: Path, chance: Random
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{NAME}.db"
        self._device = LightDevice(site, NAME, password, address, folder, chance)
        self._fleet = Fleet([self._device])
        self._is_over, self._is_given_up = threading.Event(), threading.Event()
        self._poison: deque[tuple[str, bytes]] = deque()
        self.last_ack_s = 0.0
        """On the clock of `time.monotonic`."""
        self.acks = 0
        """How many events the hub has taken. Each was made after the one before was taken."""
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def say_poison(self, type: str, data: bytes) -> None:
        """One event more that no hub can carry out."""
        self._poison.append((type, data))

    def stop(self) -> None:
        """Until its last event is acknowledged; returns then, or after END_S."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(END_S)
            self._is_given_up.set()
            self._thread.join()
        self._fleet.close()

    def _run(self) -> None:
        next_s = 0.0
        while not self._is_over.is_set() or (
            self._fleet.waiting and not self._is_given_up.is_set()
        ):
            before = self._fleet.waiting
            self._fleet.step()
            if before and not self._fleet.waiting:
                self.last_ack_s = time.monotonic()
                self.acks += 1
                next_s = self.last_ack_s + EVERY_S
            if not self._fleet.waiting and not self._is_over.is_set():
                self._say(next_s)

    def _say(self, next_s: float) -> None:
        if self._poison:
            self._append(*self._poison.popleft())
        elif time.monotonic() >= next_s:
            self._append("PersonLoggedOut", bytes(encode_data(PersonLoggedOut())))

    def _append(self, type: str, data: bytes) -> None:
        self._device.append(
            lambda epoch, seq: encode_event(
                Event(
                    v=1, dev=NAME, epoch=epoch, boot=1, seq=seq, at=time.time_ns() // 1_000,
                    at_quality="synced", mono_ms=0, type=type, data=msgspec.Raw(data),
                )
            )
        )  # fmt: skip


class PageProbe:
    """Looks at a page again and again; `last_ok_s` is when it last came."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.last_ok_s = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page probe", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(END_S)

    def _run(self) -> None:
        while not self._is_over.wait(EVERY_S):
            with contextlib.suppress(OSError, HTTPException):
                address = urlsplit(self._url)
                asking = HTTPConnection(address.hostname or "", address.port, timeout=1)
                asking.request("GET", address.path)
                if asking.getresponse().status < 500:
                    self.last_ok_s = time.monotonic()
                asking.close()
