"""A network between two machines that are one: two namespaces and a cable that can be pulled.

Root is needed; without it the tests that use this are skipped, and loopback has to do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shutil import which
from typing import Final

HUB_ADDRESS: Final = "10.98.7.1"
HUB_OTHER_ADDRESS: Final = "10.98.7.7"
DEVICE_ADDRESS: Final = "10.98.7.2"


def why_not() -> str:
    """Why this machine cannot do it; empty when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    ip = which("ip")
    if ip is None:
        return "the program ip (package iproute2) is missing"
    name = f"bl-try-{os.getpid()}"
    if subprocess.run([ip, "netns", "add", name], capture_output=True, check=False).returncode:
        return "this kernel gives no network namespaces here"
    subprocess.run([ip, "netns", "del", name], check=True)
    return ""


class Cable:
    """Two namespaces, `hub` and `device`, with a veth pair between them."""

    def __init__(self) -> None:
        self.hub, self.device = f"bl-hub-{os.getpid()}", f"bl-dev-{os.getpid()}"
        self._hub_end, self._device_end = f"blh{os.getpid() % 10**6}", f"bld{os.getpid() % 10**6}"

    def lay(self) -> None:
        for name in (self.hub, self.device):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", self._hub_end, "type", "veth", "peer", "name", self._device_end)
        self._plug(self.hub, self._hub_end, HUB_ADDRESS)
        self._plug(self.device, self._device_end, DEVICE_ADDRESS)

    def remove(self) -> None:
        for name in (self.hub, self.device):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def pull(self) -> None:
        """Nothing passes any more, and nobody is told."""
        _ip("-n", self.hub, "link", "set", self._hub_end, "down")

    def plug_in(self, address: str = HUB_ADDRESS) -> None:
        """The hub is back; perhaps the router gave it another address."""
        _ip("-n", self.hub, "addr", "flush", "dev", self._hub_end)
        _ip("-n", self.hub, "addr", "add", f"{address}/24", "dev", self._hub_end)
        _ip("-n", self.hub, "link", "set", self._hub_end, "up")
        _ip("-n", self.hub, "route", "replace", "224.0.0.0/4", "dev", self._hub_end)

    def _plug(self, space: str, end: str, address: str) -> None:
        _ip("link", "set", end, "netns", space)
        _ip("-n", space, "addr", "add", f"{address}/24", "dev", end)
        _ip("-n", space, "link", "set", end, "up")
        _ip("-n", space, "route", "add", "224.0.0.0/4", "dev", end)

    def inside(self, space: str, command: Sequence[str]) -> list[str]:
        """A command line that runs in one of the two."""
        return ["ip", "netns", "exec", space, *command]


@contextmanager
def cable() -> Iterator[Cable]:
    """Laid for a test."""
    made = Cable()
    try:
        made.lay()
        yield made
    finally:
        made.remove()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
