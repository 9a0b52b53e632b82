"""Moves bytes between the broker and the gateway's core. Owns the connection and its one thread.

Everything that waits is read first and goes into one group; publications leave before the broker
is told that the group was taken, and both after the core's commit.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Final

import paho.mqtt.client as mqtt
import structlog

from hub.config import BrokerAddress
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.device_gateway.mqtt_client import BufferedClient, Properties5, connect, make_client
from hub.fault_points import Reached, never
from protocols.limits import GATEWAY_RECEIVE_MAX, PAYLOAD_BYTES_MAX
from protocols.topics import gateway_filters

TICK_S: Final = 0.1
"""How soon a command that a page queued is noticed."""
RECONNECT_MIN_S: Final = 0.05
RECONNECT_MAX_S: Final = 5.0
_log = structlog.get_logger("gateway")


class MqttShell:
    """Runs one core on one connection until `stop`."""

    def __init__(
        self, core: GatewayCore, address: BrokerAddress, site: str, client_id: str, *,
        random: Random, stop_fd: int, reached: Reached = never,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._core, self._address, self._site = core, address, site
        self._client_id = client_id
        self._random, self._stop_fd, self._reached = random, stop_fd, reached
        self._on_ready = on_ready
        self._batch: list[Arrived] = []
        self._properties = Properties5()
        self._is_subscribed = False
        self._greeting: list[Publish] = []
        self._is_stopped = False
        self._client = self._make_client()

    def run(self) -> None:
        """Serve until `stop_fd` can be read; connects again, with growing pauses, when cut off."""
        pause_s = RECONNECT_MIN_S
        while not self._is_stopped:
            self._client = self._make_client()
            try:
                connect(self._client, self._address)
                pause_s = self._serve(pause_s)
            except OSError as wrong:
                _log.warning("broker_unreachable", reason=str(wrong))
            self._drop()
            self._wait(self._random.uniform(RECONNECT_MIN_S, pause_s))
            pause_s = min(pause_s * 2, RECONNECT_MAX_S)

    def _make_client(self) -> BufferedClient:
        will = self._core.state(is_online=False)
        client = make_client(self._client_id, self._address, will)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        client.on_publication = self._came
        return client

    # ── paho's callbacks ─────────────────────────────────────────────────────────────────

    def _connected(self, client: mqtt.Client, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            _log.error("broker_refused", reason=str(reason))
            return
        self._greeting = self._core.connected()  # before any birth of this connection is heard
        client.subscribe([(name, 1) for name in gateway_filters(self._site)])

    def _subscribed(self, _c: mqtt.Client, _u: Any, _m: int, reasons: Any, _p: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            _log.error("subscription_refused", reasons=[str(reason) for reason in reasons])
            return
        self._is_subscribed = True

    def _arrived(self, _c: mqtt.Client, _u: Any, message: mqtt.MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", None)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"
        token = message.mid if message.qos else 0
        self._came(Arrived(topic, bytes(message.payload), token, correlation))

    def _came(self, arrived: Arrived) -> None:
        self._batch.append(arrived)

    # ── the loop ─────────────────────────────────────────────────────────────────────────

    def _serve(self, pause_s: float) -> float:
        """Until the connection ends; returns the pause before the next attempt."""
        while not self._is_stopped and self._client.socket() is not None:
            self._wait_for_bytes()
            self._read_everything()
            if self._batch:
                self._take_batch()
            if self._is_subscribed:
                self._greet()
                self._say_each(self._core.tick())
                pause_s = RECONNECT_MIN_S
            self._client.loop_misc()
            self._client.flush()
        if self._is_stopped and self._client.socket() is not None:
            self._farewell()
        return pause_s

    def _greet(self) -> None:
        """The hub says that it is there once it can hear: events for nobody would be lost."""
        if not self._greeting:
            return
        self._say(self._greeting)
        self._greeting = []
        _log.info("gateway_online", broker=f"{self._address.host}:{self._address.port}")
        self._on_ready()

    def _wait_for_bytes(self) -> None:
        sock = self._client.socket()
        if sock is None:
            return
        has_waiting = (
            bool(self._batch) or self._client.has_unread
            or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
        )  # fmt: skip
        writers = [sock] if self._client.has_unsent else []
        readers: list[Any] = [sock, self._stop_fd]
        readable, _, _ = select.select(readers, writers, [], 0 if has_waiting else TICK_S)
        self._is_stopped = self._stop_fd in readable

    def _read_everything(self) -> None:
        """Take all that waits, up to what the broker may have under way."""
        client = self._client
        client.is_drained = False
        while len(self._batch) < GATEWAY_RECEIVE_MAX and client.socket() is not None:
            client.loop_read()
            if client.is_drained:
                return

    def _take_batch(self) -> None:
        """One group; the rest of what was read waits for the next turn, as if still unread."""
        limit = self._core.group_size.limit
        batch, self._batch = self._batch[:limit], self._batch[limit:]
        self._say(self._core.step(batch))
        self._reached("before_puback")
        for arrived in batch:
            if arrived.token:
                self._client.ack(arrived.token, 1)
        self._client.flush()

    def _say(self, publishes: Iterable[Publish]) -> None:
        for publish in publishes:
            self._publish(publish)
        self._client.flush()

    def _say_each(self, publishes: Iterator[Publish]) -> None:
        """Commands leave one by one: the core marks them as sent when it is asked for the next."""
        for publish in publishes:
            self._publish(publish)
            self._client.flush()

    def _publish(self, publish: Publish) -> None:
        if len(publish.payload) > PAYLOAD_BYTES_MAX:
            _log.error("message_too_long", topic=publish.topic, bytes=len(publish.payload))
        self._client.publish(
            publish.topic, publish.payload, publish.qos, publish.retain,
            self._properties.of(publish),
        )  # fmt: skip

    def _farewell(self) -> None:
        """A clean end: devices hold back at once instead of after a time-out."""
        self._say([self._core.state(is_online=False)])
        self._client.disconnect()
        self._client.flush()

    def _drop(self) -> None:
        """Forget a broken connection, and what it brought: the broker sends that again."""
        self._is_subscribed = False
        self._greeting = []
        self._batch.clear()

    def _wait(self, pause_s: float) -> None:
        if not self._is_stopped:
            readable, _, _ = select.select([self._stop_fd], [], [], pause_s)
            self._is_stopped = bool(readable)
