"""paho's MQTT 5 client, told to read and write many packets with one system call. Owns that alone.

paho reads each packet in four pieces and writes each with a call of its own; a group of a thousand
events would then cost six thousand calls. Plain publications do not even come to its sight
(docs/decisions/0011-paho-with-buffers.md). One thread.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.config import BrokerAddress
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.device_gateway.publications import publication_at
from protocols.limits import GATEWAY_RECEIVE_MAX, KEEPALIVE_S, SESSION_EXPIRY_S

READ_BYTES: Final = 256 * 1024


class BufferedClient(mqtt.Client):
    """The same client; what it sends leaves at `flush`, what came is read in large pieces."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5,
            manual_ack=True, reconnect_on_failure=False,
        )  # fmt: skip
        self._came, self._came_at = b"", 0
        self._to_send = bytearray()
        self.on_publication: Callable[[Arrived], None] | None = None
        """Gets what is published without properties; the rest comes by `on_message`."""
        self.is_drained = False
        """Whether the last read found nothing more to come for now."""
        self.max_inflight_messages_set(0)
        self.max_queued_messages_set(0)
        self.on_socket_open = self._socket_opened

    @property
    def has_unread(self) -> bool:
        """Whether bytes of the last read are still to be looked at."""
        return self._came_at < len(self._came)

    @property
    def has_unsent(self) -> bool:
        return bool(self._to_send)

    def _socket_opened(self, _client: mqtt.Client, _userdata: Any, sock: Any) -> None:
        """A new connection starts with empty buffers; Nagle would hold acknowledgements back."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came, self._came_at = b"", 0
        self._to_send.clear()

    def _packet_read(self) -> MQTTErrorCode:
        """Take in one packet. Between packets of paho, whole publications are read here."""
        if self.on_publication is None or self._in_packet["command"]:
            return super()._packet_read()
        found = publication_at(self._came, self._came_at)
        if found is None:
            return super()._packet_read()
        self._came_at = found.end
        self.on_publication(found.message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.has_unread:
            try:
                self._came, self._came_at = super()._sock_recv(READ_BYTES), 0
            except BlockingIOError:
                self.is_drained = True
                raise
        piece = self._came[self._came_at : self._came_at + bufsize]
        self._came_at += len(piece)
        return piece

    def _sock_send(self, buf: bytes | bytearray) -> int:
        self._to_send += buf
        return len(buf)

    def flush(self) -> None:
        """Send what the socket takes; the rest stays. Raises OSError when the connection broke."""
        if self.want_write():
            self.loop_write()
        sock = self.socket()
        while self._to_send and sock is not None:
            try:
                sent = sock.send(self._to_send)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del self._to_send[:sent]


def make_client(client_id: str, address: BrokerAddress, will: Publish) -> BufferedClient:
    """A client for one connection, not connected yet. What it had under way ends with it: events
    come again from the broker, commands from the outbox.
    """
    client = BufferedClient(client_id)
    if address.is_tls:
        client.tls_set_context(ssl.create_default_context())
    client.will_set(will.topic, will.payload, qos=will.qos, retain=will.retain)
    if address.user:
        client.username_pw_set(address.user, address.password)
    return client


def connect_properties() -> Properties:
    """What the gateway asks of the broker: a lasting session and large groups."""
    asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    asked.ReceiveMaximum = GATEWAY_RECEIVE_MAX
    asked.SessionExpiryInterval = SESSION_EXPIRY_S
    return asked


def connect(client: BufferedClient, address: BrokerAddress) -> None:
    """Open the connection; the broker's answer comes later. Raises OSError."""
    client.connect(
        address.host, address.port, keepalive=KEEPALIVE_S, clean_start=False,
        properties=connect_properties(),
    )  # fmt: skip


class Properties5:
    """Properties of publications; equal ones are made once, since they are dear to make."""

    def __init__(self) -> None:
        self._by_expiry: dict[int, Properties] = {}

    def of(self, publish: Publish) -> Properties | None:
        if publish.correlation is not None:
            made = self._make(publish.expiry_s)
            made.CorrelationData = publish.correlation
            return made
        if publish.expiry_s is None:
            return None
        known = self._by_expiry.get(publish.expiry_s)
        if known is None:
            known = self._by_expiry[publish.expiry_s] = self._make(publish.expiry_s)
        return known

    def _make(self, expiry_s: int | None) -> Properties:
        made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            made.MessageExpiryInterval = expiry_s
        return made
