"""How a device reaches its broker and proves who it is: by a password, or by its certificate.

Owns what differs between the two; `hub_link.py` moves the bytes for both. Everything but
`addresses` belongs to the agent's thread; `addresses` is drawn from in the thread that connects,
because a look around takes a while.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import Final, Protocol

from paho.mqtt.client import Client

from edge import identity_keys
from edge.config import BrokerConfig, EdgeConfig, HubConfig, read_password
from edge.errors import ConfigUnreadable, IdentityUnusable
from edge.hub_finder import Candidate, Known, LookAround, MdnsLook, candidates
from edge.identity import Identity, IdentityStore, KeyPair, read_addresses
from edge.pinned_tls import NO_CHECK_TIME, pinned_context
from protocols.enrolment import Address, read_address
from protocols.errors import BadAddress

LOOK_AFTER_FAILURES: Final = 2
"""A broker that restarts is back at its old address: no need to look around for it."""
LOOK_ALWAYS_UPTO: Final = 10
LOOK_EVERY: Final = 4
"""After so many failures only each fourth: a radio that listens is a battery that empties."""


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


class CertificateAccess:
    """The device's certificate, at whatever address the hub of the pinned key is found."""

    def __init__(
        self, store: IdentityStore, hub: HubConfig, look: LookAround | None = None
    ) -> None:
        """`look` replaces mDNS. Raises IdentityUnusable, ConfigUnreadable."""
        self._store = store
        self._configured = _configured(hub)
        self._look = look or (MdnsLook(hub.interfaces) if hub.mdns else None)
        self._fingerprint = identity_keys.fingerprint(self._identity.authority)
        self._is_next_refused = False
        self._shown: KeyPair | None = None

    @property
    def certificate(self) -> str:
        return identity_keys.serial(self._shown.certificate) if self._shown is not None else ""

    def addresses(self, failures: int) -> Iterator[Candidate]:
        identity = self._identity
        known = Known(
            identity.site,
            self._fingerprint,
            read_address(identity.last_good) if identity.last_good else None,
            read_addresses(identity.brokers),
            self._configured,
        )
        return candidates(known, self._look if _is_time_to_look(failures) else None)

    def prepare(self, client: Client) -> None:
        """The renewed pair first; the one before it only when that was refused."""
        identity = self._identity
        renewed = None if self._is_next_refused else identity.next_pair
        self._shown = renewed or identity.pair
        client.tls_set_context(pinned_context(identity.authority, self._shown))

    def worked(self, address: Address) -> None:
        """What cannot be written down now is noted at the next connection."""
        with contextlib.suppress(IdentityUnusable):
            self._note(address)

    def _note(self, address: Address) -> None:
        if self._shown == self._identity.next_pair:
            self._store.promote()
        elif self._is_next_refused:
            self._store.drop_next()
        self._is_next_refused = False
        self._store.remember(address)

    def refused(self) -> bool:
        """Both pairs in turn, while there are two."""
        if self._identity.next_pair is None:
            return False
        self._is_next_refused = not self._is_next_refused
        return self._is_next_refused

    @property
    def _identity(self) -> Identity:
        identity = self._store.identity
        if identity is None:
            raise IdentityUnusable("identity", "nobody has enrolled this device")
        return identity


def _is_time_to_look(failures: int) -> bool:
    if failures < LOOK_AFTER_FAILURES:
        return False
    return failures <= LOOK_ALWAYS_UPTO or failures % LOOK_EVERY == 0


def _configured(hub: HubConfig) -> tuple[Address, ...]:
    try:
        return read_addresses(hub.addresses)
    except BadAddress as wrong:
        raise ConfigUnreadable("hub.addresses", str(wrong)) from wrong


def _ca_context(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as wrong:
        raise ConfigUnreadable(ca_file, str(wrong)) from wrong
    context.verify_flags |= NO_CHECK_TIME
    return context
