"""One rig for each scanner driver: real device nodes where there is no scanner.

A rig plugs and unplugs a device and pulls its trigger; it knows nothing of the driver's inside. The
evdev rig needs umockdev's preload library in this process: see `run_under_umockdev`.
"""

from __future__ import annotations

import gc
import os
import select
import struct
import subprocess
import sys
import tempfile
import tty
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from edge.scanners.contract import Reading, Scanner
from edge.scanners.keymap import EV_KEY, EV_SYN, KEY_DOWN, KEY_ENTER, US_KEYS
from edge.scanners.scripted import ScriptedScanner
from edge.scanners.serial_scanner import SerialScanner

REPOSITORY = Path(__file__).resolve().parents[2]
WAIT_S = 20
PRELOAD = "libumockdev-preload"
DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
KEY_LEFTSHIFT, KEY_LEFTCTRL, KEY_RIGHTBRACE = 42, 29, 27


class Rig(Protocol):
    """A scanner on the bench."""

    options: dict[str, Any]

    @property
    def scanner(self) -> Scanner: ...

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def pull(self, *texts: str) -> None:
        """Scan each text; the device sends it whole."""

    def begin(self, text: str) -> bool:
        """Send the beginning of a scan without its terminator; False if there is no such thing."""
        ...

    def read(self) -> list[Reading]:
        """Read the driver."""
        ...

    def flush(self) -> None:
        """Send on what the device could not take at once, if the driver has read all before."""

    def close(self) -> None: ...


def is_readable(rig: Rig, wait_s: float) -> bool:
    return bool(select.select([rig.scanner.fileno()], [], [], wait_s)[0])


def read_all(rig: Rig, count: int) -> list[Reading]:
    """As the agent does: wait for the descriptor, read, until there are so many, and once more.

    A tty hands on what was written when the kernel finds time, so a test must wait as well.
    """
    readings: list[Reading] = []
    while len(readings) < count:
        if not is_readable(rig, 0):
            rig.flush()
        assert is_readable(rig, WAIT_S), f"only {len(readings)} of {count} scans came"
        readings += rig.read()
    return readings + rig.read()


def begin_scan(rig: Rig) -> None:
    """One character of a scan that never ends, and the driver has read it."""
    if rig.begin("4"):
        assert is_readable(rig, WAIT_S)
        assert rig.scanner.read() == []


class ScriptedRig:
    """The scripted driver has no device: the rig is the driver's own trigger."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.scanner = ScriptedScanner.from_options(self.options)
        self.plug = self.scanner.plug
        self.unplug = self.scanner.unplug
        self.pull = self.scanner.scan

    def begin(self, text: str) -> bool:
        """A scripted scan is whole or not there."""
        return False

    def read(self) -> list[Reading]:
        return self.scanner.read()

    def flush(self) -> None:
        """A queue takes everything at once."""

    def close(self) -> None:
        self.scanner.close()


class SerialRig:
    """A pty whose far end is the scanner; a link stands for the port's name under by-id."""

    END = b"\r\n"

    def __init__(self, folder: Path, framing: str = "line", **options: str) -> None:
        self.port = folder / "scanner"
        self.options: dict[str, Any] = {"port": str(self.port), "framing": framing, **options}
        self.scanner = SerialScanner.from_options(self.options)
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        far, near = os.openpty()
        tty.setraw(near)
        self._ends = (far, near)
        self.port.symlink_to(os.ttyname(near))

    def unplug(self) -> None:
        assert self._ends is not None
        self.port.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None

    def pull(self, *texts: str) -> None:
        for text in texts:
            self.send(text.encode() + self.END)

    def begin(self, text: str) -> bool:
        self.send(text.encode())
        return True

    def read(self) -> list[Reading]:
        return self.scanner.read()

    def flush(self) -> None:
        """A pty takes 20,480 bytes at once, more than any test sends unread."""

    def send(self, sent: bytes) -> None:
        assert self._ends is not None
        os.write(self._ends[0], sent)

    def close(self) -> None:
        self.scanner.close()
        if self._ends is not None:
            self.unplug()


class EvdevRig:
    """A keyboard in umockdev's fake kernel, read through the real C extension."""

    NODE = "/dev/input/event5"
    NAME = "Bench Scanner"
    UNREAD_EVENTS_MAX = 40
    """Half of what is safe, since the driver may be behind by as many: the fake device is a tty,
    and beyond 4,095 bytes it would cut events of 48."""

    def __init__(self, caps_lamp: bool = False, **options: Any) -> None:
        from edge.scanners.evdev_scanner import EvdevScanner

        gc.collect()  # an old test bed that is freed later takes the new one's folder away
        self._testbed = umockdev().Testbed.new()
        self._caps_lamp = caps_lamp
        self._number = 4
        self._fd: int | None = None
        self._queue: deque[tuple[bytes, bool]] = deque()
        self._unread_events = self._unread_scans = 0
        self._has_begun = False
        self.options = options or {"name": self.NAME}
        self.scanner = EvdevScanner.from_options(self.options)

    def plug(self) -> None:
        """A device that comes back has the next number, as with the real kernel."""
        self._number += 1
        self._testbed.add_from_string(
            f"P: {self._sys_path}\n"
            f"N: input/event{self._number}\n"
            f"E: DEVNAME={self._node}\n"
            "E: SUBSYSTEM=input\n\n"
        )
        with tempfile.NamedTemporaryFile("w", suffix=".ioctl") as record:
            record.write(_ioctl_record(self._node, self.NAME, self._caps_lamp))
            record.flush()
            self._testbed.load_ioctl(self._node, record.name)
        self._fd = self._testbed.get_dev_fd(self._node)

    def unplug(self) -> None:
        self._testbed.remove_device(f"/sys{self._sys_path}")
        (Path(self._testbed.get_root_dir()) / self._node[1:]).unlink(missing_ok=True)
        self._fd = None
        self._queue.clear()
        self._unread_events = self._unread_scans = 0

    def pull(self, *texts: str) -> None:
        for text in texts:
            self.begin(text)
            self.press(KEY_ENTER)

    def begin(self, text: str) -> bool:
        for char in text:
            self.press(*keys_for(char))
        return True

    def press(self, *codes: int) -> None:
        """Hold the keys down in this order, then let them go in the other."""
        downs = [(EV_KEY, code, 1) for code in codes]
        ups = [(EV_KEY, code, 0) for code in reversed(codes)]
        self.send(*downs, *ups)

    def send(self, *events: tuple[int, int, int]) -> None:
        for event in events:
            is_enter = event == (EV_KEY, KEY_ENTER, KEY_DOWN)
            is_end = is_enter and self._has_begun
            if event[2] == KEY_DOWN:
                self._has_begun = not is_enter
            self._queue.append((packed(*event) + packed(EV_SYN, 0, 0), is_end))
        self._send_what_fits()

    def read(self) -> list[Reading]:
        readings = self.scanner.read()
        self._unread_scans = max(0, self._unread_scans - len(readings))
        return readings

    def flush(self) -> None:
        if not self._unread_scans:
            self._unread_events = 0
            self._send_what_fits()

    def all_is_read(self) -> None:
        """Nothing that was sent is on its way any more; an Enter may have ended no scan."""
        self._unread_events = self._unread_scans = 0

    def _send_what_fits(self) -> None:
        assert self._fd is not None
        while self._queue and self._unread_events < self.UNREAD_EVENTS_MAX:
            event, is_end = self._queue.popleft()
            os.write(self._fd, event)
            self._unread_events += 1
            self._unread_scans += is_end

    def close(self) -> None:
        self.scanner.close()

    @property
    def _node(self) -> str:
        return f"/dev/input/event{self._number}"

    @property
    def _sys_path(self) -> str:
        return f"/devices/virtual/input/input{self._number}/event{self._number}"


def keys_for(char: str) -> tuple[int, ...]:
    """The US keys that type this character, modifiers first; GS is Ctrl+]."""
    if char == "\x1d":
        return (KEY_LEFTCTRL, KEY_RIGHTBRACE)
    for code, (plain, shifted) in US_KEYS.items():
        if char == plain:
            return (code,)
        if char == shifted:
            return (KEY_LEFTSHIFT, code)
    raise ValueError(f"a US keyboard has no {char!r}")


def packed(kind: int, code: int, value: int) -> bytes:
    """struct input_event at the moment zero."""
    return struct.pack("llHHi", 0, 0, kind, code, value)


def umockdev() -> ModuleType:
    """The library's Python face. A virtual environment does not see Debian's `gi`."""
    sys.path.append(DEBIAN_PACKAGES)
    try:
        import gi

        gi.require_version("UMockdev", "1.0")
        from gi.repository import UMockdev
    finally:
        sys.path.remove(DEBIAN_PACKAGES)
    module: ModuleType = UMockdev
    return module


def is_preloaded() -> bool:
    """Whether this process runs in umockdev's fake kernel."""
    return PRELOAD in os.environ.get("LD_PRELOAD", "")


def run_under_umockdev(*tests: str) -> subprocess.CompletedProcess[str]:
    """These test files once more, in a process with the fake kernel."""
    return subprocess.run(
        [
            "umockdev-wrapper",
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *tests,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _ioctl_record(node: str, name: str, caps_lamp: bool) -> str:
    """What the kernel answers; each length must be exactly the one asked for."""
    keys = bytearray(96)
    for code in range(1, 128):
        keys[code // 8] |= 1 << (code % 8)
    text = name.encode().ljust(256, b"\0").hex().upper()
    lines = [
        f"@DEV {node}",
        f"EVIOCGID 0 {struct.pack('<HHHH', 3, 0x05E0, 0x1200, 1).hex().upper()}",
        "EVIOCGVERSION 0 01000100",
        *(f"{ask} {len(name) + 1} {text}" for ask in ("EVIOCGNAME", "EVIOCGPHYS", "EVIOCGUNIQ")),
        f"EVIOCGBIT(0) 4 {struct.pack('<I', 0b11).hex().upper()}",
        f"EVIOCGBIT(1) 96 {keys.hex().upper()}",
        f"EVIOCGLED 2 {'0200' if caps_lamp else '0000'}",
        "EVIOCGEFFECTS 0 00000000",
    ]
    return "\n".join(lines) + "\n"
