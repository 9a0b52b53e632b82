"""The bytes between a device and the broker: paho-mqtt, MQTT 5, one connection after another.

Owns the socket and the MQTT client. Decides nothing: what arrives becomes a value for the core,
what the core wants is carried out. paho's own queue is RAM, so it is never used: a message goes out
while connected, or not at all, and the outbox sends it again. Each connection has a new client
object, so nothing of an old one is repeated behind the core's back.

The shell calls `turn` when the descriptor or the time says so, and reads `inbox`. Only connecting
runs in a thread of its own (`connecting.py`).
"""

from __future__ import annotations

import os
import random
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.link.connecting import Connecting
from edge.link.hub_access import HubAccess
from edge.link.hub_finder import Candidate
from edge.link.io_values import (
    LinkAction,
    LinkConnected,
    LinkInput,
    LinkLost,
    MessageArrived,
    PubAck,
    Publish,
    Reconnect,
    Subscribe,
)
from edge.link.packet_properties import publish_properties
from edge.link.reconnect import Backoff
from edge.link.watched_tls import WatchedSocket

CONNECT_TIMEOUT_S: Final = 5.0
UNHEARD_MS: Final = 10_000
"""Bytes that nobody confirms for so long are lost on a dead radio: the screen should say so. The
keep-alive alone takes up to twice KEEPALIVE_S."""
MISC_EVERY_MS: Final = 1_000
"""How often paho looks at its keep-alive."""
GOODBYE_S: Final = 0.5
GOODBYE_READ_BYTES: Final = 65_536
GOODBYE_READS_MAX: Final = 64
PACKETS_PER_TURN: Final = 64
"""So that a flood of messages cannot starve the scanner."""

REFUSALS: Final = frozenset({
    "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
    "TLSV1_ALERT_DECRYPT_ERROR", "TLSV13_ALERT_CERTIFICATE_REQUIRED",
})  # fmt: skip
"""OpenSSL's names for the alerts that mean our certificate. They are told encrypted, by who has
proved to be the hub; other alerts are trouble that may pass."""


OUTDATED: Final = "SSLV3_ALERT_CERTIFICATE_EXPIRED"
"""By the hub's clock, which may be years ahead: then every device is refused at once."""


def _told_of(alert: str) -> str:
    """The code of what a person is told."""
    return "CERTIFICATE_OUTDATED" if alert == OUTDATED else "NOT_ADMITTED"


class HubLink:
    """One device's way to the broker. All methods belong to one thread."""

    def __init__(
        self,
        access: HubAccess,
        device: str,
        will: Callable[[], Publish],
        chance: random.Random,
        wake: Callable[[], None],
    ) -> None:
        """`will` gives the farewell for the next connection; `wake` may be called from a thread."""
        self._access, self._device, self._will, self._wake = access, device, will, wake
        self._backoff = Backoff(chance)
        self._client: Client | None = None
        self._socket: Any = None
        self._connecting: Connecting | None = None
        self._found: Candidate | None = None
        self._is_open = False
        self._opened_at_ms = self._try_at_ms = self._misc_at_ms = 0
        self._tokens: dict[int, int] = {}
        self.inbox: deque[LinkInput] = deque()

    # ── what the loop waits for ──────────────────────────────────────────────────────────

    @property
    def socket(self) -> socket.socket | None:
        """The connection's socket, for the selector; None while there is none to wait on."""
        if self._client is None or self._connecting is not None:
            return None
        sock = self._client.socket()
        return sock if isinstance(sock, socket.socket) else None

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for room in the socket."""
        return self._client is not None and self._client.want_write()

    @property
    def next_wakeup_ms(self) -> int | None:
        """When `turn` is due at the latest; None while a connection is being made."""
        if self._connecting is not None:
            return None
        return self._try_at_ms if self._client is None else self._misc_at_ms

    def turn(self, now_ms: int, readable: bool, writable: bool) -> None:
        """Do what is due; results stand in `inbox`."""
        if self._connecting is not None:
            self._finish_connecting(self._connecting, now_ms)
        elif self._client is None:
            if now_ms >= self._try_at_ms:
                self._begin_connecting()
        else:
            self._serve(self._client, now_ms, readable, writable)

    # ── what the core wants ──────────────────────────────────────────────────────────────

    def carry_out(self, action: LinkAction) -> None:
        """Send now; without a connection it is forgotten, because the core repeats what matters."""
        if self._client is None or not self._is_open:
            return
        match action:
            case Subscribe(filters=filters):
                options = SubscribeOptions(qos=1)
                self._client.subscribe([(name, options) for name in filters])
            case Publish():
                self._publish(self._client, action)
            case Reconnect():
                self._leave(self._client)

    def close(self) -> None:
        """End the connection in good order; the Will is then not spoken."""
        if self._connecting is not None:
            self._connecting.give_up(CONNECT_TIMEOUT_S)
        if self._client is not None and self._is_open:
            self._say_farewell(self._client)
        self._client = None

    def _say_farewell(self, client: Client) -> None:
        """Leave, and hear the broker out until it hangs up or is silent for GOODBYE_S.

        A socket closed with words unread is reset by the kernel; the broker may then never read
        what was said last, and speaks the Will.
        """
        sock = client.socket()
        if sock is None:
            return
        with socket.socket(fileno=os.dup(sock.fileno())) as kept:
            self._leave(client)
            kept.settimeout(GOODBYE_S)
            with suppress(OSError):
                for _ in range(GOODBYE_READS_MAX):
                    if not kept.recv(GOODBYE_READ_BYTES):
                        break

    def _publish(self, client: Client, action: Publish) -> None:
        sent = client.publish(
            action.topic,
            action.payload,
            qos=action.qos,
            retain=action.retain,
            properties=publish_properties(action),
        )
        if action.token is not None and sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._tokens[sent.mid] = action.token

    def _leave(self, client: Client) -> None:
        client.disconnect()
        client.loop_write()

    # ── connecting ───────────────────────────────────────────────────────────────────────

    def _begin_connecting(self) -> None:
        client = self._new_client()
        self._client, self._found, self._is_open = client, None, False
        self._tokens.clear()
        candidates = partial(self._access.addresses, self._backoff.failures)
        self._connecting = Connecting(client, candidates, self._wake)

    def _finish_connecting(self, connecting: Connecting, now_ms: int) -> None:
        if not connecting.is_over:
            return
        self._connecting, self._found = None, connecting.found
        self._misc_at_ms = now_ms + MISC_EVERY_MS
        self._opened_at_ms = now_ms
        self.inbox.extend(connecting.strangers)
        if self._found is None:
            self._give_up(now_ms, self._backoff.pause_ms())

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self._device, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # the core's window is the limit
        self._access.prepare(client)
        will = self._will()
        client.will_set(will.topic, will.payload, qos=will.qos, retain=will.retain)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_publish = self._on_message, self._on_publish
        client.on_socket_open = self._on_socket_open
        return client

    # ── a connection ─────────────────────────────────────────────────────────────────────

    def _serve(self, client: Client, now_ms: int, readable: bool, writable: bool) -> None:
        if writable:
            client.loop_write()
        if readable:
            self._read(client)
        if now_ms >= self._misc_at_ms:
            self._misc_at_ms = now_ms + MISC_EVERY_MS
            client.loop_misc()
        if client.socket() is None and self._client is client:
            self._end(now_ms)

    def _end(self, now_ms: int) -> None:
        """The connection is over: lost, left for a better one, or never granted."""
        if self._is_open:
            self._backoff.lasted(now_ms - self._opened_at_ms)
            self._give_up(now_ms, self._backoff.pause_ms())
        elif _alert_on(self._socket) in REFUSALS:
            alert = _alert_on(self._socket)
            self._refused(now_ms, LinkLost(alert, _told_of(alert)))
        else:
            self._give_up(now_ms, self._backoff.pause_ms())

    def _refused(self, now_ms: int, told: LinkLost) -> None:
        """The broker knows us and says no; perhaps not to the certificate before this one."""
        if self._access.refused():
            self._give_up(now_ms, 0)
            return
        self.inbox.append(told)
        self._give_up(now_ms, self._backoff.refused_pause_ms())

    def _read(self, client: Client) -> None:
        """TLS may hold decrypted bytes that no selector sees."""
        for _ in range(PACKETS_PER_TURN):
            result = client.loop_read()
            sock = client.socket()
            has_more = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            if result != MQTTErrorCode.MQTT_ERR_SUCCESS or not has_more:
                return

    def _give_up(self, now_ms: int, pause_ms: int) -> None:
        """No connection: the core is told once, and the next try is planned."""
        if self._is_open:
            self.inbox.append(LinkLost())
        self._is_open = False
        self._client = None
        self._try_at_ms = max(self._try_at_ms, now_ms + pause_ms)

    # ── paho's callbacks, all within `turn` ──────────────────────────────────────────────

    def _on_connect(
        self,
        _client: Client,
        _userdata: Any,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            code = "NOT_ADMITTED" if self._access.certificate else "LINK_REFUSED"
            self.inbox.append(LinkLost(str(reason), code))
            # paho tells no time here; `_misc_at_ms` lies within MISC_EVERY_MS of it
            self._try_at_ms = self._misc_at_ms + self._backoff.refused_pause_ms()
            return
        self._is_open = True
        if self._found is not None:
            self._access.worked(self._found.address)
        self.inbox.append(LinkConnected(self._access.certificate))

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: Any,
        _flags: DisconnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        """`_serve` sees the missing socket and plans the next try."""

    def _on_socket_open(self, _client: Client, _userdata: Any, sock: Any) -> None:
        """Nagle's algorithm makes a QoS 1 round trip 77 ms instead of 0.4 ms [measured]."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
        self._socket = sock

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", None)
        self.inbox.append(MessageArrived(message.topic, bytes(message.payload), correlation))

    def _on_publish(
        self,
        _client: Client,
        _userdata: Any,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        token = self._tokens.pop(mid, None)
        if token is not None:
            self.inbox.append(PubAck(token, int(reason.value)))


def _alert_on(sock: Any) -> str:
    return sock.alert if isinstance(sock, WatchedSocket) else ""
