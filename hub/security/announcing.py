"""Says on the local network where the hub is: `_binlight._tcp` by mDNS. Owns zeroconf's threads.

A hint for devices, no more: the key that they pinned decides whom they believe. No network, or a
network that forbids it, stops nothing.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

import structlog
from zeroconf import ServiceInfo, Zeroconf

from hub.config import HubConfig
from hub.hub_identity import identity_of
from hub.ports import EVERYWHERE, own_addresses
from protocols.discovery import SERVICE_TYPE, Announcement, instance_name, write_txt

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
        addresses=[ip_address(address).packed for address in _addresses(config)],
    )  # fmt: skip


def _addresses(config: HubConfig) -> list[str]:
    """Where the broker listens, as numbers: on the named interfaces, or everywhere."""
    if config.announce_on:
        return list(config.announce_on)
    return own_addresses() if config.listen in EVERYWHERE else [_number(config.listen)]


def _number(host: str) -> str:
    return str(socket.getaddrinfo(host, None)[0][4][0])


def _host_name() -> str:
    return socket.gethostname().partition(".")[0].lower() or "binlight"
