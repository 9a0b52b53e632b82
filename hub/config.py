"""What a hub is told at its start: folders, addresses, site. Owns their defaults and their checks.

Values only: nothing is opened, created or asked of the network here.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from hub.errors import BadValue
from protocols.topics import check_name

DEFAULT_PORT: Final = 8080
DEFAULT_BROKER_PORT: Final = 18830
"""Debian's own mosquitto sits on 1883."""
DEFAULT_TLS_BROKER_PORT: Final = 8883
DEFAULT_SITE: Final = "w1"
DEFAULT_COMPANY: Final = "shop"
BROKER_HUB_USER: Final = "_hub"
"""The hub's name at the broker; no device can have it, since device names begin otherwise."""

Part = Literal["gateway", "web", "planner"]
PARTS: Final[tuple[Part, ...]] = ("gateway", "web", "planner")


class BrokerAddress(NamedTuple):
    """Where the broker is, and how it is spoken to."""

    host: str
    port: int
    is_tls: bool = False
    user: str = ""
    password: str = ""


class HubConfig(msgspec.Struct, frozen=True):
    """Everything that a hub process needs to know; the same for all processes of one hub."""

    folder: str
    site: str = DEFAULT_SITE
    company: str = DEFAULT_COMPANY
    listen: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    broker_port: int = DEFAULT_BROKER_PORT
    broker_tls_port: int = DEFAULT_TLS_BROKER_PORT
    broker_url: str = ""
    """Somebody else's broker; empty: the hub runs its own."""
    database_url: str = ""
    """Empty: SQLite in the data folder."""
    names: tuple[str, ...] = ()
    """Further host names for the server's certificate."""
    secure: bool = False
    """Encrypt on loopback too: for trials on one machine."""
    announce_on: tuple[str, ...] = ()
    """Addresses of interfaces on which mDNS says where the hub is; empty: all, beyond loopback."""
    backup_folder: str = ""
    """Where the nightly backups go; empty: below the data folder."""
    night_hour: int = 2
    """The hour of the site's day at which the night's work begins."""

    @property
    def data(self) -> Path:
        """The folder of everything that the hub keeps."""
        return Path(self.folder)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'hub.db'}"

    @property
    def is_sqlite(self) -> bool:
        return self.database.startswith("sqlite:")

    @property
    def runs_broker(self) -> bool:
        return not self.broker_url

    @property
    def is_beyond_loopback(self) -> bool:
        """Whether others than this machine can reach it: then everything is encrypted."""
        return not is_loopback(self.listen)

    @property
    def is_encrypted(self) -> bool:
        """HTTPS for the pages, and a broker's listener that wants certificates of devices."""
        return self.secure or self.is_beyond_loopback

    @property
    def is_announced(self) -> bool:
        """Whether mDNS says where the hub is."""
        can_be_reached = self.is_beyond_loopback or bool(self.announce_on)
        return can_be_reached and self.is_encrypted and self.runs_broker

    @property
    def inner_host(self) -> str:
        """Where something that listens like the pages is reached from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.listen, self.listen)  # noqa: S104

    @property
    def page_url(self) -> str:
        """Where a browser finds the pages."""
        scheme = "https" if self.is_encrypted else "http"
        host = f"[{self.listen}]" if ":" in self.listen else self.listen
        return f"{scheme}://{host}:{self.port}"

    @property
    def broker_folder(self) -> Path:
        """Files of the broker's child; see `hub.identity.broker.runtime_folder` for root."""
        return self.data / "broker"

    @property
    def tls_folder(self) -> Path:
        return self.data / "tls"

    @property
    def secrets_folder(self) -> Path:
        return self.data / "secrets"

    def check(self) -> HubConfig:
        """Return itself when all values can be used together; raises BadValue, BadName."""
        check_name(self.site, "site")
        for field in ("port", "broker_port", "broker_tls_port"):
            if not 1 <= getattr(self, field) <= 65_535:
                raise BadValue(field, getattr(self, field), "use 1 to 65535")
        self._check_announcing()
        if not 0 <= self.night_hour <= 23:
            raise BadValue("night", self.night_hour, "use an hour from 0 to 23")
        if self.broker_url:
            broker_address(self.broker_url)
        return self

    def _check_announcing(self) -> None:
        for address in self.announce_on:
            try:
                ipaddress.ip_address(address)
            except ValueError:
                wanted = "use the address of an interface, as 192.168.1.5"
                raise BadValue("announce-on", address, wanted) from None
        if self.announce_on and not self.is_announced:
            wanted = "it takes --listen beyond this machine or --secure, and a broker of the hub's"
            raise BadValue("announce-on", ", ".join(self.announce_on), wanted)


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def broker_address(url: str) -> BrokerAddress:
    """Read `mqtt://[user:password@]host[:port]` or `mqtts://…`; raises BadValue."""
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise BadValue("broker", url, "use mqtt://USER:PASSWORD@HOST:PORT or mqtts://…")
    is_tls = parts.scheme == "mqtts"
    try:
        port = parts.port or (8883 if is_tls else 1883)
    except ValueError as wrong:
        raise BadValue("broker", url, "the port must be a number") from wrong
    return BrokerAddress(
        parts.hostname, port, is_tls, unquote(parts.username or ""), unquote(parts.password or "")
    )


def default_data_folder() -> Path:
    """The user's data folder (XDG base directory specification)."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "binlight"
