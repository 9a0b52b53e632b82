"""What mosquitto's log says about refusals, as sights. Pure: lines in, values out.

The lines are those of mosquitto 2.0.11, found by provoking each. It names no certificate that it
refuses, so whose that was is told by the address alone: who was connected from there last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from hub.config import BROKER_HUB_USER
from hub.security_events import Sight
from protocols.topics import device_filters

PENDING_MAX: Final = 64
"""Connections that were opened and of which nothing more was heard yet."""
ADDRESSES_MAX: Final = 2_000

_LINE: Final = re.compile(r"(\d{9,11}): (.*)")
_OPENED: Final = re.compile(r"New connection from (\S+):\d+ on port (\d+)\.")
_CONNECTED: Final = re.compile(
    r"New client connected from (\S+):(\d+) as (.+) \(p\d+, c\d, k\d+(?:, u'.*')?\)\."
)
_FAILED: Final = re.compile(r"Client connection from (\S+) failed: (.+)")
_SSL_ERROR: Final = re.compile(r"OpenSSL Error\[\d+\]: (.+)")
_UNKNOWN_ENDED: Final = re.compile(r"Client <unknown> (.+)")
_NOT_AUTHORISED: Final = re.compile(r"Client (.+) disconnected, not authorised\.")
_DENIED: Final = re.compile(r"Bad socket read/write on client (.+): Unknown error\.")
_TAKEN_OVER: Final = re.compile(r"Client (.+) already connected, closing old connection\.")
_OVERSIZE: Final = re.compile(r"Client (.+) disconnected due to oversize packet\.")
_PROTOCOL: Final = re.compile(r"Client (.+) disconnected due to protocol error\.")
_SUBSCRIBED: Final = re.compile(r"(\S+) [012] (\S+)")
_RELOAD_FAILED: Final = re.compile(r"Error(?:: Unable to load| when reloading) .+")

_TLS_KINDS: Final = (
    ("did not return a certificate", "NO_CERTIFICATE"),
    ("certificate verify failed", "CERTIFICATE_REFUSED"),
    ("unknown ca", "CERTIFICATE_REFUSED"),
)
_TLS_ENDS: Final = ("unexpected eof",)
"""How connections end that were cut or given up: no news."""


class Admitted(NamedTuple):
    """Who may be connected, as the device table says."""

    site: str
    names: frozenset[str]
    listeners: frozenset[str] = frozenset()
    """Observers: they may read everything of the site."""
    barred: frozenset[str] = frozenset()


class BrokerLog:
    """Reads one log line by line. What it remembers is lost with the process; that is no harm."""

    def __init__(self, admitted: Admitted) -> None:
        self.admitted = admitted
        self.intruders: list[str] = []
        """Names that are connected and must not be; whoever cuts them off takes them out."""
        self._pending: list[str] = []
        self._last_of: dict[str, str] = {}
        self._address_by: dict[str, str] = {}
        self._taken = ""
        self._ssl_error = ""
        self._ours: set[tuple[str, int]] = set()

    def expect(self, ours: tuple[str, int]) -> None:
        """A connection from this address and port is the hub's own, whatever it calls itself."""
        self._ours.add(ours)

    def read(self, line: str) -> Sight | None:
        """What one line says, if it matters."""
        found = _LINE.fullmatch(line.rstrip())
        if found is None:
            return None
        at, text = int(found[1]) * 1_000_000, found[2]
        for pattern, take in self._takes():
            match = pattern.fullmatch(text)
            if match is not None:
                return take(at, match)
        return None

    def _takes(self) -> tuple[tuple[re.Pattern[str], Callable[..., Sight | None]], ...]:
        return (
            (_OPENED, self._opened), (_CONNECTED, self._connected), (_FAILED, self._failed),
            (_SSL_ERROR, self._ssl_failed), (_NOT_AUTHORISED, self._not_authorised),
            (_OVERSIZE, self._oversize), (_PROTOCOL, self._bad_protocol),
            (_UNKNOWN_ENDED, self._unknown_ended), (_DENIED, self._denied),
            (_TAKEN_OVER, self._taken_over), (_RELOAD_FAILED, self._reload_failed),
            (_SUBSCRIBED, self._subscribed),
        )  # fmt: skip

    # ── who comes ────────────────────────────────────────────────────────────────────────

    def _opened(self, _at: int, match: re.Match[str]) -> None:
        self._pending = [*self._pending[-PENDING_MAX + 1 :], match[1]]

    def _connected(self, at: int, match: re.Match[str]) -> Sight | None:
        address, port, name = match[1], int(match[2]), match[3]
        self._done_with(address)
        taken, self._taken = self._taken, ""
        if name == BROKER_HUB_USER or (address, port) in self._ours:
            self._ours.discard((address, port))
            return None
        before = self._address_by.get(name, address)
        self._remember(address, name)
        if name in self.admitted.barred:
            self.intruders.append(name)
            return Sight("BARRED_CONNECTED", at, name, address, alerts=True)
        if taken == name and before != address:
            return Sight("TAKEN_OVER", at, name, address, values={"before": before})
        return None

    def _taken_over(self, _at: int, match: re.Match[str]) -> None:
        """Mostly a device that came back before its old link was given up; from elsewhere, two."""
        self._taken = match[1]

    def _remember(self, address: str, name: str) -> None:
        if len(self._last_of) >= ADDRESSES_MAX or len(self._address_by) >= ADDRESSES_MAX:
            self._last_of.clear()
            self._address_by.clear()
        self._last_of[address] = name
        self._address_by[name] = address

    def _done_with(self, address: str) -> None:
        if address in self._pending:
            self._pending.remove(address)

    def _whence(self) -> str:
        """The address of whoever just ended before saying a name: certain while there is one."""
        candidates = set(self._pending)
        address = self._pending.pop(0) if self._pending else ""
        return address if len(candidates) == 1 else ""

    # ── who is refused ───────────────────────────────────────────────────────────────────

    def _ssl_failed(self, _at: int, match: re.Match[str]) -> None:
        self._ssl_error = match[1]

    def _unknown_ended(self, at: int, match: re.Match[str]) -> Sight | None:
        error, self._ssl_error = self._ssl_error, ""
        address = self._whence()
        return self._tls_sight(at, address, error) if error else None

    def _failed(self, at: int, match: re.Match[str]) -> Sight | None:
        self._done_with(match[1])
        return self._tls_sight(at, match[1], match[2])

    def _tls_sight(self, at: int, address: str, error: str) -> Sight | None:
        if any(end in error for end in _TLS_ENDS):
            return None
        kind = next((kind for part, kind in _TLS_KINDS if part in error), "TLS_REFUSED")
        suspect = self._last_of.get(address, "")
        is_barred = suspect in self.admitted.barred and kind == "CERTIFICATE_REFUSED"
        reason = error.rpartition(":")[2].strip(" .")[:100]
        values = {"reason": reason, **({"suspect": suspect} if is_barred else {})}
        subject = suspect if is_barred else address
        return Sight(kind, at, subject, address, alerts=is_barred, values=values)

    def _not_authorised(self, at: int, match: re.Match[str]) -> Sight:
        """Before a name is believed the log says `<unknown>`; otherwise it is the client id."""
        name = "" if match[1] == "<unknown>" else match[1]
        return Sight("PASSWORD_REFUSED", at, name, self._whence())

    def _denied(self, at: int, match: re.Match[str]) -> Sight:
        """mosquitto 2.0.11 hangs up on whoever publishes where they may not."""
        return Sight("PUBLISH_DENIED", at, match[1], self._address_of(match[1]), alerts=True)

    def _subscribed(self, at: int, match: re.Match[str]) -> Sight | None:
        """Forbidden subscriptions are granted and nothing is delivered; here they show."""
        name, topic = match[1], match[2]
        if name == BROKER_HUB_USER or name in self.admitted.listeners:
            return None
        if topic in device_filters(self.admitted.site, name):
            return None
        values = {"topic": topic[:200]}
        address = self._address_of(name)
        return Sight("SUBSCRIBE_DENIED", at, name, address, alerts=True, values=values)

    def _address_of(self, name: str) -> str:
        return self._address_by.get(name, "")

    # ── what breaks the rules ────────────────────────────────────────────────────────────

    def _oversize(self, at: int, match: re.Match[str]) -> Sight:
        return Sight("OVERSIZE_PACKET", at, match[1], self._address_of(match[1]))

    def _bad_protocol(self, at: int, match: re.Match[str]) -> Sight:
        if match[1] == "<unknown>":
            return Sight("NOT_MQTT", at, address=self._whence())
        return Sight("NOT_MQTT", at, match[1], self._address_of(match[1]))

    def _reload_failed(self, at: int, match: re.Match[str]) -> Sight:
        """A list that cannot be read admits whoever stands on it."""
        return Sight("BROKER_FILES_BROKEN", at, alerts=True, values={"line": match[0][:200]})
