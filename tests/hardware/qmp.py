"""QEMU's control socket: devices plugged in and out, keys pressed, from outside the guest.

Owns the protocol (QEMU Machine Protocol): one JSON object a line, answers in order, events between.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Final

import msgspec

ANSWER_TIMEOUT_S: Final = 60


class QmpRefused(Exception):
    """QEMU answered with an error."""


class Qmp:
    """One connection, ready for commands."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._lines.readline()  # the greeting
        self.run("qmp_capabilities")

    def run(self, command: str, **arguments: Any) -> Any:
        """The command's answer. Raises QmpRefused."""
        self._send(command, arguments)
        while True:
            line = self._next_line()
            if "error" in line:
                raise QmpRefused(f"{command}: {line['error']['desc']}")
            if "return" in line:
                return line["return"]

    def unplug(self, device: str) -> None:
        """Take a device away, and wait until the guest has let go of it."""
        self._send("device_del", {"id": device})
        while True:
            line = self._next_line()
            if "error" in line:
                raise QmpRefused(f"device_del: {line['error']['desc']}")
            if line.get("event") == "DEVICE_DELETED" and line["data"].get("device") == device:
                return

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _send(self, command: str, arguments: dict[str, Any]) -> None:
        self._socket.sendall(
            msgspec.json.encode({"execute": command, "arguments": arguments}) + b"\n"
        )

    def _next_line(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise QmpRefused("the virtual machine has ended")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer
