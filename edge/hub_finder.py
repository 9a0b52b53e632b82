"""Where the hub may be. Owns the order of trying and the look around by mDNS; connects to nothing.

What is announced on the network is a hint: anybody can say anything there. Whoever connects proves
by the pinned key who it is, so a wrong hint costs a try and nothing else.

A look around opens its sockets and closes them again: an interface that came up a second ago is
seen, one that went away is not missed, and a device that is connected has none of it running. It
takes LOOK_S and belongs into the thread that connects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import ifaddr
from zeroconf import (
    Error,
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
)

from protocols.discovery import SERVICE_TYPE, Announcement, read_txt
from protocols.enrolment import Address
from protocols.errors import BadAnnouncement

LOOK_S: Final = 1.5
"""Answers take 0.04 s on a cable and a few tenths over a sleepy radio."""
RESOLVE_MS: Final = 700
FOUND_MAX: Final = 16
"""Somebody who announces a thousand hubs keeps a device busy for no longer than this many."""


class Found(NamedTuple):
    """One announced hub and where it says to be."""

    announcement: Announcement
    addresses: tuple[Address, ...]


class Candidate(NamedTuple):
    """An address to try."""

    address: Address
    is_announced: bool = False


class Known(NamedTuple):
    """What a device knows about its hub without looking around."""

    site: str
    fingerprint: str
    last_good: Address | None
    enrolled: tuple[Address, ...]
    configured: tuple[Address, ...]


LookAround = Callable[[Callable[[Announcement], bool]], Sequence[Found]]
"""Looks for announced hubs; may end early once the given question was answered with yes."""


def candidates(known: Known, look: LookAround | None) -> Iterator[Candidate]:
    """Every address once, best first: where it was last, where it says to be, where it was told.

    Announced hubs of the site that name another key come last: a stranger, or one whose record
    is old. The network is looked at only when the first address was of no use. Lazy.
    """
    tried: set[Address] = set()
    for candidate in _in_order(known, look):
        if candidate.address not in tried:
            tried.add(candidate.address)
            yield candidate


def _in_order(known: Known, look: LookAround | None) -> Iterator[Candidate]:
    if known.last_good is not None:
        yield Candidate(known.last_good)

    def is_ours(announcement: Announcement) -> bool:
        return announcement.site == known.site and announcement.fp == known.fingerprint

    found = look(is_ours) if look is not None else ()
    here = [each for each in found if each.announcement.site == known.site]
    yield from _addresses_of(each for each in here if is_ours(each.announcement))
    for address in (*known.enrolled, *known.configured):
        yield Candidate(address)
    yield from _addresses_of(each for each in here if not is_ours(each.announcement))


def _addresses_of(found: Iterator[Found]) -> Iterator[Candidate]:
    for each in found:
        for address in each.addresses:
            yield Candidate(address, is_announced=True)


# ── mDNS ────────────────────────────────────────────────────────────────────────────────────


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
    return Found(announcement, tuple(Address(host, info.port) for host in hosts))


def addresses_of(interfaces: Sequence[str]) -> list[str]:
    """The IPv4 addresses to look from: of the named interfaces, or of all but loopback."""
    wanted = set(interfaces)
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if not isinstance(ip.ip, str):
                continue
            is_named = bool({adapter.name, ip.ip} & wanted)
            if is_named or (not wanted and not ip.ip.startswith("127.")):
                found.append(ip.ip)
    return found
