"""Real devices and our real drivers, on whatever kernel this runs; told what to do by lines.

Owns the acts of a test that need a kernel: plugging a keyboard in (uinput), typing, opening and
reading a driver, running the agent. One JSON object a line comes in, one goes out. Runs as the only
program of the virtual machine (`guest`), or as a child process where /dev/uinput is at hand.
Decides nothing: the tests say what must come out.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import evdev
import msgspec

from edge.errors import EdgeError
from edge.scanner_port import ScannerPort
from edge.scanners import scanner_driver
from edge.scanners.contract import Reading, Scanner, ScannerMissing
from edge.scanners.keymap import EV_KEY

NETLINK_KOBJECT_UEVENT: Final = 15
NOBODY: Final = 65_534
CONSOLE: Final = "/dev/tty1"
KEY_CODES: Final = range(1, 248)
USB_BUS: Final = 3
EV_LED, LED_CAPSLOCK = 0x11, 1


class Request(msgspec.Struct, frozen=True):
    """One act by its name, and what it is told."""

    act: str
    told: dict[str, Any] = {}


class Refusal(msgspec.Struct, frozen=True):
    """One of our own errors, as it would be shown to a person."""

    kind: str
    code: str
    text: str


class Answer(msgspec.Struct, frozen=True):
    """What the act gave, or what refused it."""

    gave: Any = None
    refusal: Refusal | None = None


class Workbench:
    """Keyboards by name, scanners by name; every act may be called from afar."""

    def __init__(self) -> None:
        self._keyboards: dict[str, evdev.UInput] = {}
        self._scanners: dict[str, Scanner] = {}
        self._ports: dict[str, ScannerPort] = {}
        self._agent: subprocess.Popen[bytes] | None = None
        self._console: int | None = None
        self._uevents = socket.socket(
            socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT
        )
        self._uevents.bind((0, 1))

    # ── keyboards that the kernel takes for real ─────────────────────────────────────────

    def plug_keyboard(
        self, name: str, vendor: int = 0x05E0, product: int = 0x1200, caps_lamp: bool = False
    ) -> str:
        """A new keyboard; gives its node."""
        does = {EV_KEY: list(KEY_CODES), EV_LED: [LED_CAPSLOCK]}
        keyboard = evdev.UInput(does, name=name, vendor=vendor, product=product, bustype=USB_BUS)
        if caps_lamp:
            keyboard.write(EV_LED, LED_CAPSLOCK, 1)
            keyboard.syn()
        self._keyboards[name] = keyboard
        return str(keyboard.device.path)

    def unplug_keyboard(self, name: str) -> None:
        self._keyboards.pop(name).close()

    def send(self, name: str, events: list[tuple[int, int, int]], pause_ms: int = 0) -> None:
        """Key events, each followed by its SYN_REPORT, as fast as told."""
        keyboard = self._keyboards[name]
        for kind, code, value in events:
            keyboard.write(kind, code, value)
            keyboard.syn()
            if pause_ms:
                time.sleep(pause_ms / 1_000)

    def node_name(self, node: str) -> str:
        """What the kernel calls a device."""
        return Path(f"/sys/class/input/{Path(node).name}/device/name").read_text().strip()

    # ── drivers ──────────────────────────────────────────────────────────────────────────

    def open(self, scanner: str, driver: str, options: dict[str, Any], within_s: float = 0) -> None:
        """Open a driver; as the agent does, again when a device was plugged in meanwhile."""
        opened = scanner_driver(driver, options)
        deadline = time.monotonic() + within_s
        while True:
            try:
                opened.open()
                break
            except ScannerMissing:
                if not self._is_changed(deadline):
                    raise
        self._scanners[scanner] = opened

    def open_as_nobody(self, driver: str, options: dict[str, Any]) -> None:
        """Open as a user without any right, which only root may become."""
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            scanner_driver(driver, options).open()
        finally:
            os.seteuid(0)
            os.setegid(0)

    def read(self, scanner: str, count: int, within_s: float) -> list[Reading]:
        """So many readings, and what else is there by then."""
        opened = self._scanners[scanner]
        deadline = time.monotonic() + within_s
        readings: list[Reading] = opened.read()
        while len(readings) < count and time.monotonic() < deadline:
            select.select([opened.fileno()], [], [], max(0, deadline - time.monotonic()))
            readings += opened.read()
        return readings

    def close(self, scanner: str) -> None:
        self._scanners.pop(scanner).close()

    def port(self, port: str, driver: str, options: dict[str, Any]) -> None:
        """A scanner behind the agent's watchdog."""
        self._ports[port] = ScannerPort(scanner_driver(driver, options))

    def turn(self, port: str, now_ms: int, within_s: float = 0) -> list[dict[str, Any]]:
        """The watchdog's turns at this moment, until one of them gives something."""
        watched = self._ports[port]
        inputs = watched.turn(now_ms, readable=False)
        deadline = time.monotonic() + within_s
        while not inputs and watched.fileno is not None and time.monotonic() < deadline:
            select.select([watched.fileno], [], [], deadline - time.monotonic())
            inputs = watched.turn(now_ms, readable=True)
        return [{"is": type(told).__name__} | msgspec.to_builtins(told) for told in inputs]

    def close_port(self, port: str) -> None:
        self._ports.pop(port).close()

    # ── the console, where a wedge scanner would type ────────────────────────────────────

    def watch_console(self) -> None:
        """From now on, what the console's keyboard line takes in."""
        self._console = os.open(CONSOLE, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        tty.setraw(self._console)

    def console_text(self, until: str, within_s: float) -> str:
        """What was typed into the console, up to this ending."""
        assert self._console is not None
        deadline = time.monotonic() + within_s
        text = ""
        while not text.endswith(until) and time.monotonic() < deadline:
            select.select([self._console], [], [], max(0, deadline - time.monotonic()))
            text += os.read(self._console, 4_096).decode()
        return text

    # ── the agent itself ─────────────────────────────────────────────────────────────────

    def start_agent(self, config: str, folder: str) -> None:
        """`binlight edge --headless` with this configuration."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        file = Path(folder) / "device.toml"
        file.write_text(config)
        self._agent = subprocess.Popen(
            [
                *(sys.executable, "-c", "import binlight; binlight.main()", "edge"),
                *("--headless", "--config", str(file), "--data", folder),
            ],
            bufsize=0,  # a line that waits in a buffer would not wake `select`
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def screen_that_says(self, words: str, within_s: float) -> dict[str, Any]:
        """The next screen that has these words anywhere."""
        assert self._agent is not None
        assert self._agent.stderr is not None
        deadline = time.monotonic() + within_s
        seen: list[str] = []
        while select.select([self._agent.stderr], [], [], max(0, deadline - time.monotonic()))[0]:
            line = self._agent.stderr.readline().decode()
            if words in line:
                screen: dict[str, Any] = msgspec.json.decode(line)
                return screen
            if not line:
                break
            seen.append(line)
        raise AssertionError(f"no screen said {words!r}; there were {''.join(seen[-5:])!r}")

    def stop_agent(self) -> int:
        """Ask it to end; gives its status."""
        assert self._agent is not None
        self._agent.send_signal(signal.SIGTERM)
        self._agent.communicate()
        return self._agent.returncode

    def _is_changed(self, deadline: float) -> bool:
        """Wait until the kernel says that a device came or went; False when it is too late."""
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not select.select([self._uevents], [], [], left_s)[0]:
            return False
        try:
            while self._uevents.recv(65_536):
                continue
        except OSError as told:
            # None are left, or so many came that some were dropped: either way it has changed.
            if told.errno not in {errno.EAGAIN, errno.ENOBUFS}:
                raise
        return True


def serve(lines: BinaryIO, out: BinaryIO) -> None:
    """Answer each line until there are no more."""
    bench = Workbench()
    out.write(b'{"gave":"ready"}\n')
    out.flush()
    for line in lines:
        out.write(msgspec.json.encode(_answered(bench, line)) + b"\n")
        out.flush()


def _answered(bench: Workbench, line: bytes) -> Answer:
    request = msgspec.json.decode(line, type=Request)
    act: Callable[..., Any] = getattr(bench, request.act)
    try:
        return Answer(gave=act(**request.told))
    except EdgeError as refused:
        return Answer(refusal=Refusal(type(refused).__name__, refused.code, str(refused)))
    except Exception as failed:  # the outermost loop: the far end reads what went wrong
        return Answer(refusal=Refusal(type(failed).__name__, "FAILED", str(failed)))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
