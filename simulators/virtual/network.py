"""A broker in virtual time, behind the same contract as mosquitto (tests/contracts). Owns sessions,
queues, retained messages and Wills; moves no bytes and knows no clock but the one it is given.

Everything happens at once when it is called; `wires` puts distance in between.
Like mosquitto with the hub's settings, it keeps all of it in memory: killed, it forgets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from simulators.errors import SimulatorsError

SUCCESS: Final = 0
NO_MATCHING_SUBSCRIBERS: Final = 0x10
RECEIVE_MAX: Final = 65_535
NO_LIMIT: Final = 0


class BrokerDown(SimulatorsError):
    code = "BROKER_DOWN"

    def __init__(self) -> None:
        super().__init__("No broker answers.")


class Message(NamedTuple):
    """What somebody publishes."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    correlation: bytes | None = None


class Delivery(NamedTuple):
    """What a subscriber gets. `token` is what it acknowledges by; 0 for QoS 0."""

    topic: str
    payload: bytes
    token: int
    retain: bool = False
    is_repeat: bool = False
    correlation: bytes | None = None


class Receiver(Protocol):
    """The client's side of a connection."""

    def delivered(self, delivery: Delivery) -> None:
        """A message came."""
        ...

    def published(self, token: int, reason: int) -> None:
        """The broker took the message that was published with this token."""
        ...

    def cut(self) -> None:
        """The connection is gone."""
        ...


class Limits(NamedTuple):
    """mosquitto's, for each client; 0 means none."""

    inflight_max: int = NO_LIMIT
    queued_max: int = NO_LIMIT


NO_LIMITS: Final = Limits()


class _Waiting(NamedTuple):
    message: Message
    retain: bool
    expires_at_us: int | None


class _Session:
    """What the broker remembers of a client."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.filters: dict[str, None] = {}
        self.queue: deque[_Waiting] = deque()
        self.inflight: dict[int, _Waiting] = {}
        self.connection: Connection | None = None
        self.tokens = 0
        self._known: dict[str, bool] = {}

    def wants(self, topic: str) -> bool:
        known = self._known.get(topic)
        if known is None:
            known = self._known[topic] = any(is_match(wanted, topic) for wanted in self.filters)
        return known

    def subscribe(self, wanted: str) -> None:
        self.filters[wanted] = None
        self._known.clear()


class SimulatedBroker:
    """Sessions and retained messages of one broker process."""

    def __init__(self, now_us: Callable[[], int], limits: Limits = NO_LIMITS) -> None:
        self._now_us, self._limits = now_us, limits
        self._sessions: dict[str, _Session] = {}
        self._retained: dict[str, Message] = {}
        self.is_up = True

    def connect(
        self, client: str, receiver: Receiver, *, clean_start: bool = False,
        will: Message | None = None, receive_max: int = RECEIVE_MAX,
    ) -> Connection:  # fmt: skip
        """Open a connection; one of the same name is cut off. Raises BrokerDown."""
        if not self.is_up:
            raise BrokerDown
        session = self._sessions.get(client)
        if session is not None and session.connection is not None:
            session.connection.drop()
        if clean_start:
            self._sessions.pop(client, None)
        is_present = client in self._sessions
        session = self._sessions.setdefault(client, _Session(client))
        connection = Connection(self, session, receiver, is_present, will, receive_max)
        session.connection = connection
        self._repeat(session)
        return connection

    def kill(self) -> None:
        """SIGKILL: connections break without a word, and nothing is remembered."""
        self.is_up = False
        sessions, self._sessions = self._sessions, {}
        self._retained.clear()
        for session in sessions.values():
            if session.connection is not None:
                session.connection.broke()

    def start(self) -> None:
        """A new broker process, which knows nobody."""
        self.is_up = True

    # ── what connections ask for ─────────────────────────────────────────────────────────

    def subscribe(self, session: _Session, filters: Iterable[str]) -> None:
        for wanted in filters:
            session.subscribe(wanted)
            for topic, message in list(self._retained.items()):
                if is_match(wanted, topic):
                    self._give(session, message, retain=True)

    def route(self, message: Message) -> int:
        """Keep and hand on; returns the reason code of the PUBACK."""
        if message.retain:
            self._retain(message)
        heard = [one for one in list(self._sessions.values()) if one.wants(message.topic)]
        for session in heard:
            self._give(session, message, retain=False)
        return SUCCESS if heard else NO_MATCHING_SUBSCRIBERS

    def acknowledged(self, session: _Session, token: int) -> None:
        session.inflight.pop(token, None)
        self._pump(session)

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _retain(self, message: Message) -> None:
        if message.payload:
            self._retained[message.topic] = message
        else:
            self._retained.pop(message.topic, None)

    def _give(self, session: _Session, message: Message, *, retain: bool) -> None:
        connection = session.connection
        if message.qos == 0:
            if connection is not None:
                connection.hand(_delivery(_Waiting(message, retain, None), 0, is_repeat=False))
            return
        expires_at_us = None
        if message.expiry_s is not None:
            expires_at_us = self._now_us() + message.expiry_s * 1_000_000
        session.queue.append(_Waiting(message, retain, expires_at_us))
        self._pump(session)
        if self._limits.queued_max and len(session.queue) > self._limits.queued_max:
            session.queue.pop()  # acknowledged to its sender, and gone

    def _pump(self, session: _Session) -> None:
        """Hand on what the receiver may have under way."""
        connection = session.connection
        while connection is not None and session.queue and self._has_room(session, connection):
            waiting = session.queue.popleft()
            if waiting.expires_at_us is not None and waiting.expires_at_us <= self._now_us():
                continue
            session.tokens += 1
            session.inflight[session.tokens] = waiting
            connection.hand(_delivery(waiting, session.tokens, is_repeat=False))

    def _has_room(self, session: _Session, connection: Connection) -> bool:
        limit = min(self._limits.inflight_max or RECEIVE_MAX, connection.receive_max)
        return len(session.inflight) < limit

    def _repeat(self, session: _Session) -> None:
        """What was under way comes first, in its order, then what waited."""
        connection = session.connection
        if connection is None:
            return
        for token, waiting in list(session.inflight.items()):
            connection.hand(_delivery(waiting, token, is_repeat=True))
        self._pump(session)


class Connection:
    """One client's open connection, until one side ends it."""

    def __init__(
        self, broker: SimulatedBroker, session: _Session, receiver: Receiver, is_present: bool,
        will: Message | None, receive_max: int,
    ) -> None:  # fmt: skip
        self._broker, self._session, self._receiver = broker, session, receiver
        self._will = will
        self.is_session_present = is_present
        self.receive_max = receive_max
        self.is_open = True

    def subscribe(self, filters: Iterable[str]) -> None:
        """Retained messages come at once."""
        if self.is_open:
            self._broker.subscribe(self._session, filters)

    def publish(self, message: Message, token: int = 0) -> None:
        """Send a message; QoS 1 is answered by `published` with its token."""
        if not self.is_open:
            return
        reason = self._broker.route(message)
        if message.qos and self.is_open:
            self._receiver.published(token, reason)

    def ack(self, token: int) -> None:
        """The delivery with this token was taken."""
        if self.is_open:
            self._broker.acknowledged(self._session, token)

    def disconnect(self) -> None:
        """A clean end: the Will is not spoken."""
        self._will = None
        self.drop()

    def drop(self) -> None:
        """The connection breaks: the broker notices and speaks the Will."""
        if not self.is_open:
            return
        self.broke()
        self._session.connection = None
        if self._will is not None:
            self._broker.route(self._will)

    def broke(self) -> None:
        """Nobody is at the other end any more."""
        self.is_open = False
        self._receiver.cut()

    def hand(self, delivery: Delivery) -> None:
        self._receiver.delivered(delivery)


def _delivery(waiting: _Waiting, token: int, *, is_repeat: bool) -> Delivery:
    message = waiting.message
    return Delivery(
        message.topic, message.payload, token, waiting.retain, is_repeat, message.correlation
    )


def is_match(wanted: str, topic: str) -> bool:
    """Whether a topic passes a filter with + and #."""
    names = topic.split("/")
    for n, part in enumerate(wanted.split("/")):
        if part == "#":
            return True
        if n >= len(names) or part not in {"+", names[n]}:
            return False
    return len(names) == wanted.count("/") + 1
