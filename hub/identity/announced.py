"""How devices find this hub and know it again: its authority and its addresses. Values only.

Also owns `listening.json`: where the hub last listened, for commands that run beside it.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from hub.config import HubConfig
from hub.errors import HubError
from hub.identity.private_files import write_private
from hub.process.ports import EVERYWHERE, own_addresses
from protocols.enrolment import (
    Address,
    EnrolmentCode,
    read_address,
    write_address,
    write_code,
)
from protocols.errors import BadAddress, BadEnrolmentCode

if TYPE_CHECKING:
    from hub.identity.authority import Authority

ADDRESSES_MAX: Final = 3
"""More would make the QR code hard to read."""
FILE: Final = "listening.json"


class NoAuthority(HubError):
    """The hub was never started beyond loopback nor with --secure, so it signs nothing."""

    code = "NO_AUTHORITY"

    def __init__(self) -> None:
        super().__init__(
            "This hub has no certificates: start it with --listen beyond loopback, or --secure."
        )


class HubIdentity(msgspec.Struct, frozen=True):
    """Who this hub is to its devices."""

    site: str
    tls_folder: str
    hosts: tuple[str, ...]
    """Names and addresses of this machine, in the order of trying."""
    port: int
    """Of the pages, by HTTPS."""
    broker_port: int
    """Of the broker's TLS listener."""

    def authority(self) -> Authority:
        """The CA, opened for signing; raises NoAuthority."""
        from hub.identity.authority import Authority

        return Authority.open(Path(self.tls_folder))

    def code(self, device: str, secret: bytes) -> str:
        """The text of an enrolment code, with as many addresses as fit."""
        pages = tuple(Address(host, self.port) for host in self.hosts)
        wanted = EnrolmentCode(self.site, device, secret, self.authority().fingerprint, pages)
        while True:
            try:
                return write_code(wanted)
            except BadEnrolmentCode:
                if len(wanted.addresses) <= 1:
                    raise
                wanted = msgspec.structs.replace(wanted, addresses=wanted.addresses[:-1])

    def brokers(self) -> tuple[Address, ...]:
        return tuple(Address(host, self.broker_port) for host in self.hosts)


def identity_of(config: HubConfig) -> HubIdentity | None:
    """None for a hub on loopback that encrypts nothing: its devices have passwords."""
    if not config.is_encrypted or not config.runs_broker:
        return None
    return HubIdentity(
        config.site, str(config.tls_folder), hosts_of(config), config.port, config.broker_tls_port
    )


def hosts_of(config: HubConfig) -> tuple[str, ...]:
    """How a device may reach this hub: names that it was given first, then what it knows itself."""
    own = [config.listen]
    if config.listen in EVERYWHERE:
        own = [*own_addresses(), f"{socket.gethostname().partition('.')[0]}.local".lower()]
    named = filter(_can_be_written, [*config.names, *own])
    return tuple(dict.fromkeys(host.lower() for host in named))[:ADDRESSES_MAX]


def _can_be_written(host: str) -> bool:
    """Some machines have names that no code and no URL can hold."""
    try:
        read_address(write_address(Address(host, 1)))
    except BadAddress:
        return False
    return True


def remember(config: HubConfig) -> None:
    """Note where the hub listens from now on."""
    found = identity_of(config)
    write_private(config.data / FILE, msgspec.json.encode(found))


def remembered(data: Path) -> HubIdentity | None:
    """Where the hub of this folder listened last; None when it never did with certificates."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((data / FILE).read_bytes(), type=HubIdentity | None)
    return None
