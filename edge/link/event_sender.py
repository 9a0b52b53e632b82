"""Which row of the outbox goes to the hub next. Pure: no socket, no timer of its own.

Owns the window, cumulative acknowledgement, going back and holding back (docs/protocol.md). A row
is under way from its first publication until the hub acknowledged it: the broker's answer counts
for nothing, except where it says that nobody listens.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from edge.clock import Now
from edge.link.io_values import PubAck, Publish
from edge.storage.contract import Outbox, Position
from protocols.envelope import payload_digest
from protocols.limits import (
    DEVICE_WINDOW,
    RESEND_AFTER_MAX_MS,
    RESEND_AFTER_MIN_MS,
    RESEND_ROUND_TRIPS,
)
from protocols.messages.acks import Ack

NO_SUBSCRIBERS: Final = 0x10
"""PUBACK reason: the broker took the message, but no hub listens."""
FIRST_FAILURE: Final = 0x80
"""PUBACK reasons from here on are refusals."""
AT_THE_START: Final = Position(0, 0)


class _Sent(NamedTuple):
    """One row under way."""

    position: Position
    at_ms: int
    token: int
    is_repeat: bool


class EventSender:
    """The order and the pace of one device's events."""

    def __init__(self, topic: str, outbox: Outbox) -> None:
        self._topic, self._outbox = topic, outbox
        self._under_way: list[_Sent] = []
        self._sent_upto = AT_THE_START
        self._highest_sent = AT_THE_START
        self._highest_here = AT_THE_START
        """Likewise, on this connection."""
        self._gap_answered: tuple[str, int, int] | None = None
        self._round_trip_ms: float | None = None
        self._backoff = 1
        self._hold_until_ms: int | None = None
        self._tokens = 0

    def pump(self, now: Now) -> list[Publish]:
        """Send what the window allows."""
        room = DEVICE_WINDOW - len(self._under_way)
        if room <= 0 or self._outbox.depth == 0 or self._is_held(now):
            return []
        rows = self._outbox.rows_after(self._sent_upto, room)
        return [self._send(row.position, row.payload, now) for row in rows]

    def go_back(self) -> None:
        """Forget what is under way: the next pump starts at the oldest unacknowledged row."""
        self._under_way.clear()
        self._sent_upto = AT_THE_START

    def connected(self) -> None:
        """A new connection, which has carried nothing yet."""
        self._highest_here = AT_THE_START
        self.go_back()

    def resume(self) -> None:
        """The hub returned: start again without waiting."""
        self._backoff, self._hold_until_ms = 1, None
        self.go_back()

    def distrust(self) -> None:
        """Our storage was set back: no row counts as sent until it is sent once more."""
        self._highest_sent = AT_THE_START
        self.connected()

    def acked(self, ack: Ack, now: Now) -> None:
        """Everything up to `upto` is at the hub."""
        upto = self._believed(ack)
        if not self._outbox.mark_acked(ack.epoch, upto):
            return
        self._backoff = 1
        position = self._outbox.position(ack.epoch, upto)
        done = [sent for sent in self._under_way if _is_covered(sent.position, position)]
        self._under_way = [sent for sent in self._under_way if sent not in done]
        if done and not done[-1].is_repeat:  # an answer to a repeat proves no round trip
            self._measure(now.mono_ms - done[-1].at_ms)

    def missing(self, epoch: str, seq: int, now: Now) -> bool:
        """The hub misses `seq`: go back to it. False while an equal request is being answered.

        One lost event makes every later one of the window ask for it.
        """
        last = self._gap_answered
        if last and last[:2] == (epoch, seq) and now.mono_ms - last[2] < self.resend_after_ms:
            return False
        self._gap_answered = (epoch, seq, now.mono_ms)
        self._outbox.rewind(epoch, seq - 1)
        self.go_back()
        return True

    def puback(self, answer: PubAck, now: Now) -> None:
        """A refused row, or one that no hub heard, is tried again after a pause."""
        is_heard = answer.reason != NO_SUBSCRIBERS and answer.reason < FIRST_FAILURE
        if is_heard or all(sent.token != answer.token for sent in self._under_way):
            return
        self._hold_until_ms = now.mono_ms + self.resend_after_ms
        self._back_off()
        self.go_back()

    def tick(self, now: Now) -> None:
        """Time passed: what was not answered in time is sent again."""
        if self._hold_until_ms is not None and now.mono_ms >= self._hold_until_ms:
            self._hold_until_ms = None
        if self._under_way and now.mono_ms >= self._under_way[0].at_ms + self.resend_after_ms:
            self._back_off()
            self.go_back()

    @property
    def resend_after_ms(self) -> int:
        """How long an unanswered row waits: 4 smoothed round trips, 1 s at least, 30 s at most."""
        base = max(RESEND_AFTER_MIN_MS, RESEND_ROUND_TRIPS * (self._round_trip_ms or 0))
        return int(min(base * self._backoff, RESEND_AFTER_MAX_MS))

    @property
    def next_wakeup_ms(self) -> int | None:
        """When `tick` has something to do."""
        if self._hold_until_ms is not None:
            return self._hold_until_ms
        return self._under_way[0].at_ms + self.resend_after_ms if self._under_way else None

    def _is_held(self, now: Now) -> bool:
        return self._hold_until_ms is not None and now.mono_ms < self._hold_until_ms

    def _send(self, position: Position, payload: bytes, now: Now) -> Publish:
        self._tokens += 1
        is_repeat = position <= self._highest_sent
        self._under_way.append(_Sent(position, now.mono_ms, self._tokens, is_repeat))
        self._sent_upto = position
        self._highest_sent = max(self._highest_sent, position)
        self._highest_here = max(self._highest_here, position)
        return Publish(self._topic, payload, token=self._tokens)

    def _believed(self, ack: Ack) -> int:
        """Rows count as arrived only once this connection has carried them.

        A device set back to an old image, or one with a copy of another's card, gives out keys that
        the hub knows with another body; the hub must see those rows, to park them, before they may
        be marked. The acknowledgement may be the answer to the other card.
        """
        position, carried = self._outbox.position(ack.epoch, ack.upto), self._highest_here
        if position is not None and not self._is_meant(position, ack):
            return 0
        if position is None or position <= carried:
            return ack.upto
        return carried.seq if position.epoch_no == carried.epoch_no else 0

    def _is_meant(self, position: Position, ack: Ack) -> bool:
        """Whether the hub has the event that we have under this key, as far as it says so."""
        before = position._replace(seq=position.seq - 1)
        row = next(iter(self._outbox.rows_after(before, 1)), None)
        if not ack.of or row is None or row.position != position:
            return True
        return payload_digest(row.payload).hex() in ack.of

    def _back_off(self) -> None:
        if self.resend_after_ms < RESEND_AFTER_MAX_MS:
            self._backoff *= 2

    def _measure(self, round_trip_ms: int) -> None:
        known = self._round_trip_ms
        self._round_trip_ms = round_trip_ms if known is None else (7 * known + round_trip_ms) / 8


def _is_covered(sent: Position, acked: Position | None) -> bool:
    return acked is not None and sent.epoch_no == acked.epoch_no and sent.seq <= acked.seq
