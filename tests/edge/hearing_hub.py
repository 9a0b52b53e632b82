"""A hub that hears and acknowledges: the words on the wire and nothing else, over a real broker."""

from __future__ import annotations

import queue
import ssl
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from protocols.envelope import Event, decode_event
from protocols.messages.acks import Ack
from protocols.messages.codec import decode, encode
from protocols.messages.configuration import Config
from protocols.messages.presence import Birth, HubState
from tests.edge.link_shell import PATIENCE_S


class HearingHub:
    """Takes births and events of all devices of a site, and says that it is there."""

    def __init__(
        self, port: int, site: str, tls: ssl.SSLContext | None = None, **wishes: Config
    ) -> None:
        """`wishes`: the configuration that a device is to have, by its name."""
        self.births: queue.Queue[Birth] = queue.Queue()
        self.events: queue.Queue[Event] = queue.Queue()
        self._root, self._wishes = f"bw/1/{site}", wishes
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="hub", protocol=MQTTProtocolVersion.MQTTv5
        )
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.on_message, self._client.on_connect = self._arrived, self._connected
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def born(self, wanted: Callable[[Birth], bool]) -> Birth:
        """The next birth of this kind."""
        while not wanted(birth := self.births.get(timeout=PATIENCE_S)):
            continue
        return birth

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, *_more: Any) -> None:
        client.subscribe(f"{self._root}/dev/+/+", 1)
        self._say("hub/state", HubState(v=1, online=True, hub_epoch="h"))
        for device, config in self._wishes.items():
            self._say(f"dev/{device}/cfg", config)

    def _say(self, topic: str, message: HubState | Config) -> None:
        self._client.publish(f"{self._root}/{topic}", encode(message), 1, retain=True)

    def _arrived(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        channel = message.topic.rpartition("/")[2]
        if channel == "birth" and message.payload:
            self.births.put(decode(Birth, message.payload))
        if channel == "evt":
            event = decode_event(message.payload)
            ack = Ack(v=1, epoch=event.epoch, upto=event.seq, hub_epoch="h")
            client.publish(f"{self._root}/dev/{event.dev}/ack", encode(ack), 1)
            self.events.put(event)
