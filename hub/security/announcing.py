"""Says on the local network where the hub is: `_binlight._tcp` by mDNS. Owns zeroconf's threads.

A hint for devices, no more: the key that they pinned decides whom they believe. No network, or a
network that forbids it, stops nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import structlog
from zeroconf import ServiceInfo, Zeroconf

from hub.config import HubConfig
from hub.identity.announced import identity_of
from hub.process.ports import EVERYWHERE, own_addresses
from protocols.discovery import SERVICE_TYPE, Announcement, instance_name, write_txt

LOOK_EVERY_MS: Final = 5_000
Addresses = Callable[[HubConfig], list[str]]
_log = structlog.get_logger("guard")


class Announcer:
    """Announces one hub until `end`."""

    def __init__(self, info: ServiceInfo, interfaces: list[str] | None) -> None:
        self._info = info
        self._zeroconf = Zeroconf(interfaces=interfaces) if interfaces else Zeroconf()
        self._zeroconf.register_service(info, allow_name_change=False, cooperating_responders=True)

    def end(self) -> None:
        """Say that the hub goes, and stop listening."""
        self._zeroconf.unregister_service(self._info)
        self._zeroconf.close()


class Announcing:
    """Announces the hub anew whenever this machine has other addresses: a lease ran out, a cable
    came back. One caller at a time.
    """

    def __init__(
        self, config: HubConfig, addresses: Addresses | None = None,
        begin: Callable[[HubConfig], Announcer | None] | None = None,
    ) -> None:  # fmt: skip
        self._config = config
        self._addresses = addresses or addresses_of
        self._begin = begin or announce
        self._announced: list[str] = []
        self._announcer: Announcer | None = None
        self._look_at_ms = 0

    def look(self, now_ms: int) -> None:
        """Looks at the addresses every LOOK_EVERY_MS; with none, nothing is announced."""
        if now_ms < self._look_at_ms:
            return
        self._look_at_ms = now_ms + LOOK_EVERY_MS
        addresses = self._addresses(self._config)
        if addresses == self._announced and self._announcer is not None:
            return
        self.end()
        self._announced = addresses
        self._announcer = self._begin(self._config) if addresses else None

    def end(self) -> None:
        if self._announcer is not None:
            self._announcer.end()
        self._announcer = None


def announce(config: HubConfig) -> Announcer | None:
    """Begin to announce the hub; None when that cannot be done here, which is logged."""
    info = service_of(config)
    if info is None:
        return None
    try:
        return Announcer(info, list(config.announce_on) or None)
    except (OSError, RuntimeError, TimeoutError) as wrong:
        _log.warning("not_announced", reason=repr(wrong))
        return None


def service_of(config: HubConfig) -> ServiceInfo | None:
    """What is announced; None for a hub without certificates."""
    identity = identity_of(config)
    if identity is None:
        return None
    authority = identity.authority()
    announcement = Announcement(config.site, authority.hub_id, authority.fingerprint)
    return ServiceInfo(
        SERVICE_TYPE, instance_name(announcement), port=config.broker_tls_port,
        properties=write_txt(announcement), server=f"{_host_name()}.local.",
        addresses=[ip_address(address).packed for address in addresses_of(config)],
    )  # fmt: skip


def addresses_of(config: HubConfig) -> list[str]:
    """Where the broker listens, as numbers: on the named interfaces, or everywhere."""
    if config.announce_on:
        return list(config.announce_on)
    return own_addresses() if config.listen in EVERYWHERE else [_number(config.listen)]


def _number(host: str) -> str:
    return str(socket.getaddrinfo(host, None)[0][4][0])


def _host_name() -> str:
    return socket.gethostname().partition(".")[0].lower() or "binlight"
