"""Ends the live connection of a device that was shut out: the hub takes its place for a moment.

mosquitto looks at revocation lists when somebody connects, never again. So the hub connects under
the same name, by a certificate that lives for minutes and never leaves memory, which has the broker
close the other connection; then it goes (docs/decisions/0020-identity.md). Owns these few packets.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.errors import HubError
from hub.identity.authority import Authority, DeviceKey, key_pem, new_key

DEADLINE_S: Final = 2.0
CERTIFICATE_DAYS: Final = 1
"""It is never written to a disk, and its key is gone when the call ends."""
CONNACK: Final = 0x20
DISCONNECT: Final = b"\xe0\x00"
RandomBytes = Callable[[int], bytes]


class NotCut(HubError):
    """The broker is there but did not let the hub take the device's place."""

    code = "NOT_CUT"

    def __init__(self, device: str, reason: str) -> None:
        self.device, self.reason = device, reason
        super().__init__(f"The connection of {device!r} could not be ended: {reason}.")


def cut(
    authority: Authority, broker: tuple[str, int], site: str, device: str, now_us: int,
    random_bytes: RandomBytes,
) -> tuple[str, int] | None:  # fmt: skip
    """End whatever connection a device has; returns this one's own address and port, for whoever
    reads the broker's log. None when no broker listens: then nobody is connected.

    Safe to repeat. Raises NotCut.
    """
    context = _context(authority, site, device, now_us, random_bytes)
    try:
        plain = socket.create_connection(broker, DEADLINE_S)
    except ConnectionRefusedError:
        return None
    except OSError as wrong:
        raise NotCut(device, str(wrong)) from wrong
    with plain:
        try:
            return _take_place(context, plain, device)
        except OSError as wrong:
            raise NotCut(device, str(wrong)) from wrong


def _take_place(context: ssl.SSLContext, plain: socket.socket, device: str) -> tuple[str, int]:
    own = plain.getsockname()
    with context.wrap_socket(plain) as secured:
        secured.sendall(connect_packet(device))
        answer = secured.recv(64)
        if len(answer) < 4 or answer[0] != CONNACK or answer[3]:
            raise NotCut(device, f"the broker answered {answer[:4].hex()}")
        secured.sendall(DISCONNECT)
    return own[0], own[1]


def connect_packet(device: str) -> bytes:
    """MQTT 5 CONNECT, clean start: what waited at the broker for the device is dropped as well."""
    name = device.encode()
    body = b"\x00\x04MQTT\x05\x02\x00\x1e\x00" + len(name).to_bytes(2, "big") + name
    return b"\x10" + bytes([len(body)]) + body


def _context(
    authority: Authority, site: str, device: str, now_us: int, random_bytes: RandomBytes
) -> ssl.SSLContext:
    """Trusts the hub's own authority alone. Where it listens says nothing about its names."""
    key = new_key()
    signed = authority.sign_device(
        DeviceKey(key.public_key(), ""), site, device, random_bytes(16), now_us, CERTIFICATE_DAYS
    )
    context = ssl.create_default_context(cadata=authority.pem)
    context.check_hostname = False
    with _in_memory(signed.pem.encode() + key_pem(key)) as path:
        context.load_cert_chain(path)
    return context


@contextmanager
def _in_memory(content: bytes) -> Iterator[Path]:
    """A file that no disk ever holds; Python's ssl reads keys from files alone."""
    fd = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        yield Path(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
