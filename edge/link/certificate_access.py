"""How an enrolled device reaches its broker: by its certificate, wherever the hub is found.

Owns which of two certificates is shown while one is being renewed, and when the network is looked
around on. `addresses` is drawn from in the thread that connects; the rest is the agent's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from paho.mqtt.client import Client

from edge.config import HubConfig
from edge.errors import ConfigUnreadable, IdentityUnusable
from edge.identity import keys as identity_keys
from edge.identity.record import Identity, IdentityStore, KeyPair, read_addresses
from edge.link.hub_finder import Candidate, Found, Known, LookAround, candidates
from edge.link.pinned_tls import pinned_context
from protocols.discovery import Announcement
from protocols.enrolment import Address, read_address
from protocols.errors import BadAddress

LOOK_AFTER_FAILURES: Final = 2
"""A broker that restarts is back at its old address: no need to look around for it."""
LOOK_ALWAYS_UPTO: Final = 10
LOOK_EVERY: Final = 4
"""After so many failures only each fourth: a radio that listens is a battery that empties."""


class CertificateAccess:
    """The device's certificate, at whatever address the hub of the pinned key is found."""

    def __init__(
        self, store: IdentityStore, hub: HubConfig, look: LookAround | None = None
    ) -> None:
        """`look` replaces mDNS. Raises IdentityUnusable, ConfigUnreadable."""
        self._store = store
        self._configured = _configured(hub)
        self._has_no_choice = hub.only_these
        self._look = look or (_mdns(hub.interfaces) if hub.mdns else None)
        self._fingerprint = identity_keys.fingerprint(self._identity.authority)
        self._is_next_refused = False
        self._shown: KeyPair | None = None

    @property
    def certificate(self) -> str:
        return identity_keys.serial(self._shown.certificate) if self._shown is not None else ""

    def addresses(self, failures: int) -> Iterator[Candidate]:
        if self._has_no_choice:
            return map(Candidate, self._configured)
        identity = self._identity
        known = Known(
            identity.site,
            self._fingerprint,
            read_address(identity.last_good) if identity.last_good else None,
            read_addresses(identity.brokers),
            self._configured,
        )
        return candidates(known, self._look if is_time_to_look(failures) else None)

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


def _mdns(interfaces: tuple[str, ...]) -> LookAround:
    """zeroconf is loaded with the first look: most devices never need one."""

    def look(is_enough: Callable[[Announcement], bool]) -> Sequence[Found]:
        from edge.link.mdns_look import MdnsLook

        return MdnsLook(interfaces)(is_enough)

    return look


def is_time_to_look(failures: int) -> bool:
    """Whether to look around on the network after so many rounds that found nothing."""
    if failures < LOOK_AFTER_FAILURES:
        return False
    return failures <= LOOK_ALWAYS_UPTO or failures % LOOK_EVERY == 0


def _configured(hub: HubConfig) -> tuple[Address, ...]:
    if hub.only_these and not hub.addresses:
        raise ConfigUnreadable("hub.only_these", "there are no hub.addresses")
    try:
        return read_addresses(hub.addresses)
    except BadAddress as wrong:
        raise ConfigUnreadable("hub.addresses", str(wrong)) from wrong
