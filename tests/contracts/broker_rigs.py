"""Two brokers for one contract: the simulated one, and a real mosquitto with the hub's settings."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.identity.broker import program
from simulators.ports import free_port
from simulators.virtual.network import Connection, Delivery, Limits, Message, SimulatedBroker

PATIENCE_S = 120
"""How long the real broker may take before a test fails: it only bounds a hang."""
FENCE = "fence"


class RigClient(Protocol):
    """A client as a story uses it."""

    is_session_present: bool

    def subscribe(self, *filters: str) -> None: ...
    def publish(self, message: Message) -> int: ...
    def next(self) -> Delivery: ...
    def ack(self, delivery: Delivery) -> None: ...
    def drop(self) -> None: ...
    def disconnect(self) -> None: ...


class Rig(Protocol):
    """A broker that can be killed."""

    def client(
        self, name: str, *, clean_start: bool = False, will: Message | None = None,
        receive_max: int = 1_000,
    ) -> RigClient: ...  # fmt: skip
    def kill(self) -> None: ...
    def start(self) -> None: ...
    def close(self) -> None: ...


# ── the simulated broker ────────────────────────────────────────────────────────────────────


class SimulatedClient:
    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_session_present = False
        self._came: deque[Delivery] = deque()
        self._reason = -1

    def subscribe(self, *filters: str) -> None:
        self._open.subscribe(filters)

    def publish(self, message: Message) -> int:
        self._reason = -1
        self._open.publish(message, 1)
        return self._reason

    def next(self) -> Delivery:
        return self._came.popleft()

    def ack(self, delivery: Delivery) -> None:
        self._open.ack(delivery.token)

    def drop(self) -> None:
        self._open.drop()

    def disconnect(self) -> None:
        self._open.disconnect()

    @property
    def _open(self) -> Connection:
        assert self.connection is not None
        return self.connection

    def delivered(self, delivery: Delivery) -> None:
        self._came.append(delivery)

    def published(self, token: int, reason: int) -> None:
        self._reason = reason

    def cut(self) -> None:
        return


class SimulatedRig:
    def __init__(self, limits: Limits) -> None:
        self._broker = SimulatedBroker(lambda: 0, limits)

    def client(
        self, name: str, *, clean_start: bool = False, will: Message | None = None,
        receive_max: int = 1_000,
    ) -> SimulatedClient:  # fmt: skip
        made = SimulatedClient()
        made.connection = self._broker.connect(
            name, made, clean_start=clean_start, will=will, receive_max=receive_max
        )
        made.is_session_present = made.connection.is_session_present
        return made

    def kill(self) -> None:
        self._broker.kill()

    def start(self) -> None:
        self._broker.start()

    def close(self) -> None:
        return


# ── mosquitto ───────────────────────────────────────────────────────────────────────────────


class MosquittoClient:
    def __init__(
        self, port: int, name: str, clean_start: bool, will: Message | None, receive_max: int,
        heard: Callable[[str], None],
    ) -> None:  # fmt: skip
        """`heard` waits until the broker's log says so."""
        self._name, self._heard = name, heard
        self._came: queue.Queue[Delivery] = queue.Queue()
        self._answers: queue.Queue[Any] = queue.Queue()
        self.is_session_present = False
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, manual_ack=True,
            reconnect_on_failure=False,
        )  # fmt: skip
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self._answers.put(reason)
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._answers.put(reasons)
        if will is not None:
            self._client.will_set(will.topic, will.payload, will.qos, will.retain)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3_600
        properties.ReceiveMaximum = receive_max
        self._client.connect("127.0.0.1", port, clean_start=clean_start, properties=properties)
        self._client.loop_start()
        self.is_session_present = self._answers.get(timeout=PATIENCE_S)

    def _connected(self, _c: Any, _u: Any, flags: Any, _reason: Any, _p: Any) -> None:
        self._answers.put(flags.session_present)

    def _arrived(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        delivery = Delivery(
            message.topic, message.payload, message.mid, message.retain, message.dup
        )
        self._came.put(delivery)

    def subscribe(self, *filters: str) -> None:
        self._client.subscribe([(name, SubscribeOptions(qos=1)) for name in filters])
        self._answers.get(timeout=PATIENCE_S)

    def publish(self, message: Message) -> int:
        self._client.publish(message.topic, message.payload, message.qos, message.retain)
        return int(self._answers.get(timeout=PATIENCE_S).value)

    def next(self) -> Delivery:
        return self._came.get(timeout=PATIENCE_S)

    def ack(self, delivery: Delivery) -> None:
        self._client.ack(delivery.token, 1)

    def drop(self) -> None:
        """Cut the wire without a farewell."""
        self._end(self._client.socket)

    def disconnect(self) -> None:
        """Returns once the broker has taken the farewell: what others send then meets nobody."""
        self._client.disconnect()
        self._client.loop_stop()
        self._heard(f"Client {self._name} disconnected.")

    def _end(self, socket_of: Any) -> None:
        open_socket = socket_of()
        if open_socket is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()


class BrokerLog:
    """What a broker says, read as it comes, so that its pipe never fills."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self._said: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, name="broker-log")
        self._reading.start()

    def next(self, text: str) -> None:
        """Returns once it has said this, after what was waited for before; raises queue.Empty."""
        while text not in self._said.get(timeout=PATIENCE_S):
            pass

    def close(self) -> None:
        """Once its broker has ended."""
        self._reading.join()
        self._lines.close()

    def _read(self) -> None:
        for line in self._lines:
            self._said.put(line)


class MosquittoRig:
    def __init__(self, folder: Path, limits: Limits) -> None:
        self._port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self._port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            f"max_inflight_messages {limits.inflight_max}\n"
            f"max_queued_messages {limits.queued_max}\nmax_queued_bytes 0\n"
            "set_tcp_nodelay true\nlog_dest stderr\n"
        )
        self._process: subprocess.Popen[str] | None = None
        self._clients: list[MosquittoClient] = []
        self.start()

    def client(
        self, name: str, *, clean_start: bool = False, will: Message | None = None,
        receive_max: int = 1_000,
    ) -> MosquittoClient:  # fmt: skip
        log = self._log
        made = MosquittoClient(self._port, name, clean_start, will, receive_max, log.next)
        self._clients.append(made)
        return made

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._process = None

    def start(self) -> None:
        """Returns once it says that it runs."""
        self._process = subprocess.Popen(
            [program(), "-v", "-c", str(self._config)], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        self._log = BrokerLog(self._process.stderr)
        self._log.next("running")

    def close(self) -> None:
        for client in self._clients:
            client.drop()
        if self._process is not None:
            self.kill()
