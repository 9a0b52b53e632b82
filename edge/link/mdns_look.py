"""A look around by mDNS: which hubs announce themselves now. Owns all use of zeroconf.

A look opens its sockets and closes them again: an interface that came up a second ago is seen, one
that went away is not missed, and a device that is connected has none of it running. It takes
LOOK_S and belongs into the thread that connects.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Final

from zeroconf import (
    Error,
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
)

from edge.link.hub_finder import Found
from protocols.discovery import SERVICE_TYPE, Announcement, read_txt
from protocols.enrolment import Address
from protocols.errors import BadAnnouncement

LOOK_S: Final = 1.5
"""Answers take 0.04 s on a cable and a few tenths over a sleepy radio."""
RESOLVE_MS: Final = 700
SIOCGIFADDR: Final = 0x8915
"""netdevice(7): an interface's address, at bytes 20 to 23 of the answer."""
FOUND_MAX: Final = 8
ADDRESSES_MAX: Final = 4
"""Somebody who announces a thousand hubs, or one at a thousand addresses, keeps a device busy for
no longer than so many."""


class MdnsLook:
    """One way to look around: over these interfaces (names or addresses), or all of them."""

    def __init__(self, interfaces: Sequence[str] = (), look_s: float = LOOK_S) -> None:
        self._interfaces, self._look_s = tuple(interfaces), look_s

    def __call__(self, is_enough: Callable[[Announcement], bool]) -> Sequence[Found]:
        """What is announced now; nothing without a network."""
        addresses = addresses_of(self._interfaces)
        if not addresses:
            return ()
        try:
            with Zeroconf(interfaces=addresses, ip_version=IPVersion.V4Only) as network:
                listener = _Listener(is_enough)
                ServiceBrowser(network, SERVICE_TYPE, listener=listener)
                listener.has_enough.wait(self._look_s)
                return tuple(listener.found.values())
        except (OSError, Error, RuntimeError):  # no interface, or it went away meanwhile
            return ()


class _Listener(ServiceListener):
    """Gathers announcements; called in zeroconf's own thread."""

    def __init__(self, is_enough: Callable[[Announcement], bool]) -> None:
        self._is_enough = is_enough
        self.found: dict[str, Found] = {}
        self.has_enough = threading.Event()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Somebody announces a hub."""
        if len(self.found) >= FOUND_MAX:
            return
        info = zc.get_service_info(type_, name, RESOLVE_MS)
        found = _found(info) if info is not None else None
        if found is None:
            return
        self.found[name] = found
        if self._is_enough(found.announcement):
            self.has_enough.set()

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """What was announced has changed."""
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Its farewell; a try would not hurt either."""


def _found(info: ServiceInfo) -> Found | None:
    """What is no announcement of a hub is passed over."""
    try:
        announcement = read_txt(info.properties)
    except BadAnnouncement:
        return None
    if not info.port:
        return None
    hosts = info.parsed_scoped_addresses(IPVersion.V4Only)
    return Found(announcement, tuple(Address(host, info.port) for host in hosts[:ADDRESSES_MAX]))


def addresses_of(interfaces: Sequence[str]) -> list[str]:
    """The IPv4 addresses to look from: of the named interfaces, or of all but loopback."""
    own = {name: _address_of(name) for _, name in socket.if_nameindex()}
    wanted = set(interfaces)
    return [
        address
        for name, address in own.items()
        if address and (bool({name, address} & wanted) if wanted else not _is_loopback(address))
    ]


def _address_of(interface: str) -> str:
    """The interface's first IPv4 address; empty while it has none."""
    question = struct.pack("256s", interface.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, question)
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])


def _is_loopback(address: str) -> bool:
    return address.startswith("127.")
