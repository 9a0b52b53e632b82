"""How a device reaches its broker and proves who it is; here by a password.

Owns what differs between that and `certificate_access.py`; `hub_link.py` moves the bytes for both.
Everything but `addresses` belongs to the agent's thread; `addresses` is drawn from in the thread
that connects, because a look around takes a while.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Final, Protocol

from paho.mqtt.client import Client

from edge.config import BrokerConfig, EdgeConfig, read_password
from edge.errors import ConfigUnreadable
from edge.link.hub_finder import Candidate
from edge.link.watched_tls import NO_CHECK_TIME
from protocols.enrolment import Address


class HubAccess(Protocol):
    """One way of reaching the broker."""

    def addresses(self, failures: int) -> Iterator[Candidate]:
        """Where to try, best first; drawn from lazily. `failures`: rounds that found nothing."""
        ...

    def prepare(self, client: Client) -> None:
        """Give a new client what it proves itself with."""
        ...

    @property
    def certificate(self) -> str:
        """Serial of the certificate that `prepare` gave last; empty without one."""
        ...

    def worked(self, address: Address) -> None:
        """The broker accepted us there."""
        ...

    def refused(self) -> bool:
        """The broker refused what `prepare` gave; whether there is something else to show."""
        ...


class PasswordAccess:
    """A name and a password, or neither, at one configured address."""

    def __init__(self, broker: BrokerConfig, device: str) -> None:
        """Raises ConfigUnreadable when the password or the CA cannot be read."""
        self._address = Address(broker.host, broker.port)
        self._user = broker.username or device
        self._password = read_password(broker)
        self._tls = _ca_context(broker.ca_file) if broker.ca_file else None

    certificate: Final = ""

    def addresses(self, _failures: int) -> Iterator[Candidate]:
        yield Candidate(self._address)

    def prepare(self, client: Client) -> None:
        if self._password is not None:
            client.username_pw_set(self._user, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)

    def worked(self, _address: Address) -> None:
        """There is but one address."""

    def refused(self) -> bool:
        return False


def by_password(config: EdgeConfig) -> PasswordAccess:
    """The configured broker. Raises ConfigUnreadable without one."""
    if config.broker is None:
        raise ConfigUnreadable(
            "configuration", "it names no broker, and the device is not enrolled"
        )
    return PasswordAccess(config.broker, config.name)


def _ca_context(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as wrong:
        raise ConfigUnreadable(ca_file, str(wrong)) from wrong
    context.verify_flags |= NO_CHECK_TIME
    return context
