"""The first and only program of the virtual machine: mounts, loads drivers, serves the workbench.

Runs on the bare kernel, as process 1. Owns nothing that a test asserts.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
from pathlib import Path
from typing import Final

MOUNTS: Final = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp"))
MODULES: Final = Path("/modules")
WIRE: Final = "binlight.wire"
FINIT_MODULE: Final = 313
"""The number of the system call on x86-64."""
WAIT_S: Final = 60

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Never returns: the kernel panics when process 1 ends, and the machine with it."""
    for kind, target in MOUNTS:
        _check(_libc.mount(kind.encode(), target.encode(), kind.encode(), 0, None), target)
    changes = _uevents()
    for module in sorted(MODULES.iterdir()):
        _load(module)
    wire = _wire(changes)
    changes.close()

    from tests.hardware.workbench import serve

    end = os.open(wire, os.O_RDWR)  # a port lets itself be opened once
    with os.fdopen(end, "rb") as lines, os.fdopen(os.dup(end), "wb") as out:
        serve(lines, out)


def _load(module: Path) -> None:
    with module.open("rb") as file:
        _check(_libc.syscall(FINIT_MODULE, file.fileno(), b"", 0), module.name)


def _wire(changes: socket.socket) -> Path:
    """The port to the outside, by the name that the host gave it."""
    while True:
        for name in Path("/sys/class/virtio-ports").glob("*/name"):
            if name.read_text().strip() == WIRE:
                return Path("/dev") / name.parent.name
        if not select.select([changes], [], [], WAIT_S)[0]:
            raise TimeoutError(f"no port {WIRE}")
        changes.recv(65_536)


def _uevents() -> socket.socket:
    """What the kernel says of devices that come."""
    changes = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
    changes.bind((0, 1))
    return changes


def _check(status: int, what: str) -> None:
    if status != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), what)
