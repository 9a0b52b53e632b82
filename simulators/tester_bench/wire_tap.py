"""Every message as it passes the broker, seen by an observer's client. Owns the newest few hundred.

It may read everything of the site and say nothing; what it misses while the broker is down is lost.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections import deque
from typing import Any, Final

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from protocols.topics import ROOT

OBSERVER: Final = "bench-eyes"
KEPT: Final = 400
BODY_CHARS: Final = 240
UP: Final = frozenset({"birth", "evt", "cmd_ack", "ask", "tlm", "time"})
TIMES: Final = frozenset({"time", "time_reply"})
"""Twice a minute for each device, and of no interest to people."""


class Passed(msgspec.Struct, frozen=True):
    """One message. `what` is what it says, in a few words."""

    n: int
    device: str
    way: str
    topic: str
    what: str
    body: str


class WireTap:
    """A client in a thread of its own, which connects again by itself."""

    def __init__(self, port: int, site: str, password: str) -> None:
        self._filter = f"{ROOT}/{site}/#"
        self._numbers = itertools.count(1)
        self._passed: deque[Passed] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=OBSERVER, protocol=mqtt.MQTTv5
        )
        self._client.username_pw_set(OBSERVER, password)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived
        with contextlib.suppress(OSError):  # it tries again
            self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def newest(self) -> list[Passed]:
        """Oldest first."""
        with self._lock:
            return list(self._passed)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: mqtt.Client, _mine: Any, _flags: mqtt.ConnectFlags, _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:  # fmt: skip
        client.subscribe(self._filter, qos=1)

    def _arrived(self, _client: mqtt.Client, _mine: Any, message: mqtt.MQTTMessage) -> None:
        passed = read(next(self._numbers), message.topic, bytes(message.payload))
        if passed is not None:
            with self._lock:
                self._passed.append(passed)


def read(n: int, topic: str, payload: bytes) -> Passed | None:
    """A message in words; None for one that nobody wants to see."""
    *_, device, kind = topic.split("/")
    if kind in TIMES:
        return None
    try:
        said = json.loads(payload)
    except ValueError:
        said = {}
    told = said if isinstance(said, dict) else {}
    device = device if "/dev/" in topic else "hub"
    return Passed(
        n, device, "up" if kind in UP else "down", kind, _what(kind, told),
        payload[:BODY_CHARS].decode(errors="replace"),
    )  # fmt: skip


def _what(kind: str, said: dict[str, Any]) -> str:
    match kind:
        case "evt":
            return f"{said.get('type', '?')} #{said.get('seq', '?')}"
        case "ack":
            gap = f", gap {said['gap']}" if said.get("gap") else ""
            return f"up to #{said.get('upto', '?')}{gap}"
        case "birth":
            return f"{said.get('presence', '?')}, #{said.get('seq', 0)}"
        case "cmd":
            return str(said.get("type", "?"))
        case "cmd_ack":
            return "accepted" if said.get("accepted", True) else f"rejected: {said.get('code')}"
        case "tlm":
            return (
                f"battery {said.get('battery_percent', '–')}, queue {said.get('outbox_depth', 0)}"
            )
        case "state":
            return "online" if said.get("online") else "away"
    return ""
