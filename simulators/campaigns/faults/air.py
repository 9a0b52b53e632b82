"""The air between devices and the hub, packet by packet: loss, delay, disorder, a narrow channel.

Owns two virtual interfaces (TUN), one in a network namespace of its own, and the thread that
carries IP packets between them. TCP on both sides is the kernel's, so it retransmits as it would
over bad radio. Needs root and /dev/net/tun. Nobody else's interface, route or namespace is touched.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Final, NamedTuple

TUN: Final = Path("/dev/net/tun")
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN_NO_PI: Final = 0x1001
_CLONE_NEWNET: Final = 0x40000000
PACKET_BYTES_MAX: Final = 65_535
WAIT_MAX_S: Final = 0.2
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Air(NamedTuple):
    """How packets fare. Chances from 0 to 1, each way."""

    lost: float = 0.0
    twice: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """At most so much more, for each packet by itself: they overtake each other."""
    bytes_per_s: int = 0
    is_silent_up: bool = False
    is_silent_down: bool = False


CLEAR: Final = Air()


@cache
def can_have_air() -> bool:
    """Whether this machine lets us make interfaces and namespaces."""
    if os.geteuid() != 0 or not os.access(TUN, os.R_OK | os.W_OK):
        return False
    name = _own("probe")
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if made.returncode == 0:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return made.returncode == 0


class Room:
    """A namespace whose only way out is the air. Use with `with`."""

    def __init__(self, chance: Random, number: int = 0) -> None:
        self._chance = chance
        self.name = _own(str(number))
        block = 4 * ((os.getpid() + number) % 16_000)
        self.hub_address = f"198.18.{block >> 8}.{block & 0xFF | 1}"
        """Where devices in the room find the hub's side (RFC 2544: a range for benchmarks)."""
        self._device_address = f"198.18.{block >> 8}.{block & 0xFF | 2}"
        self.air = CLEAR
        """May be changed at any moment."""
        self.carried = self.lost = self.doubled = self.overtaken = self.held_up = 0
        """Packets, and what the air did to them."""
        self._is_over = False

    @property
    def has_done_harm(self) -> bool:
        """Whether packets have suffered from all that is wrong with the air."""
        air = self.air
        harms = (
            (air.lost or air.is_silent_up or air.is_silent_down, self.lost),
            (air.twice, self.doubled),
            (air.jitter_s, self.overtaken),
            (air.bytes_per_s, self.held_up),
        )
        return all(suffered for is_wrong, suffered in harms if is_wrong)

    def __enter__(self) -> Room:
        _ip("netns", "add", self.name)
        try:
            self._up, self._down = self._interface("a"), self._interface("b")
            _ip("link", "set", self._name("b"), "netns", self.name)
            _ip("addr", "add", f"{self.hub_address}/30", "dev", self._name("a"))
            _ip("link", "set", self._name("a"), "up")
            inside = ("-n", self.name)
            _ip(*inside, "addr", "add", f"{self._device_address}/30", "dev", self._name("b"))
            _ip(*inside, "link", "set", self._name("b"), "up")
        except BaseException:
            _ip("netns", "del", self.name)
            raise
        self._thread = threading.Thread(target=self._carry, name="air", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._is_over = True
        self._thread.join()
        os.close(self._up)
        os.close(self._down)
        _ip("netns", "del", self.name)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread makes meanwhile belong to the room."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        room = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(room)
            yield
        finally:
            _enter(before)
            os.close(room)
            os.close(before)

    def _name(self, side: str) -> str:
        return f"{self.name}{side}"

    def _interface(self, side: str) -> int:
        fd = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        wanted = struct.pack("16sH22x", self._name(side).encode(), _IFF_TUN_NO_PI)
        fcntl.ioctl(fd, _TUNSETIFF, wanted)
        return fd

    # ── carrying ─────────────────────────────────────────────────────────────────────────

    def _carry(self) -> None:
        """Packets read on one side are written on the other when their time has come."""
        waiting: list[tuple[float, int, int, bytes]] = []
        order, free_s, youngest = 0, 0.0, {self._up: 0, self._down: 0}
        while not self._is_over:
            due_s = waiting[0][0] - time.monotonic() if waiting else WAIT_MAX_S
            ready, _, _ = select.select(
                [self._up, self._down], [], [], max(0.0, min(due_s, WAIT_MAX_S))
            )
            for fd in ready:
                for packet in self._read(fd):
                    order += 1
                    self.held_up += free_s > time.monotonic()
                    leaves_s = free_s = self._leaves(free_s, len(packet))
                    due_s = leaves_s + self.air.delay_s + self.air.jitter_s * self._chance.random()
                    heapq.heappush(waiting, (due_s, order, self._other(fd), packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, number, fd, packet = heapq.heappop(waiting)
                _write(fd, packet)
                self.overtaken += number < youngest[fd]
                youngest[fd] = max(youngest[fd], number)
                self.carried += 1

    def _other(self, fd: int) -> int:
        return self._up if fd == self._down else self._down

    def _leaves(self, free_s: float, size: int) -> float:
        """When the last byte has left, over a channel that may be narrow."""
        begins_s = max(free_s, time.monotonic())
        return begins_s + size / self.air.bytes_per_s if self.air.bytes_per_s else begins_s

    def _read(self, fd: int) -> Iterator[bytes]:
        """One packet, none if the air loses it, two if it is doubled."""
        air = self.air
        try:
            packet = os.read(fd, PACKET_BYTES_MAX)
        except OSError:
            return
        is_silent = air.is_silent_up if fd == self._down else air.is_silent_down
        if is_silent or self._chance.random() < air.lost:
            self.lost += 1
            return
        yield packet
        if self._chance.random() < air.twice:
            self.doubled += 1
            yield packet


def _write(fd: int, packet: bytes) -> None:
    try:
        os.write(fd, packet)
    except OSError:
        return  # the interface is going down


def _enter(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _own(name: str) -> str:
    """A name that says whose it is; interface names have 15 characters at most."""
    return f"bl{os.getpid()}{name}"[:14]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
