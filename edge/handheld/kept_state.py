"""What a handheld keeps over restarts: the state of the work, and the hub's configuration.

Owns the one way in which both change: together with the events that say so, in one commit to the
outbox; and so the envelope of an event. `memory.py` has the form of what is kept, `outbox.py` the
disk.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.clock import Now, TimeKeeper
from edge.errors import OutboxUnusable
from edge.handheld.memory import changed_parts, read_parts
from edge.handheld.outcome import Emit, Outcome
from edge.handheld.work import HandheldState
from edge.storage.contract import Outbox
from protocols.envelope import VERSION, Event, encode_data, encode_event
from protocols.messages.codec import decode, encode
from protocols.messages.configuration import Config

CFG: Final = "cfg"
"""The part of the outbox's state that holds the last configuration from the hub."""


class KeptState:
    """One device's state, as it is on its disk."""

    def __init__(self, device: str, outbox: Outbox, keeper: TimeKeeper) -> None:
        """Read what was kept. Raises OutboxUnusable."""
        self._device, self._outbox, self._keeper = device, outbox, keeper
        parts = outbox.state()
        self.state = _read_state(parts)
        self.cfg = decode(Config, parts[CFG]) if CFG in parts else Config(v=1, hash="")

    def commit(self, outcome: Outcome, now: Now) -> bool:
        """Make the outcome's events and state durable; False when there was nothing to keep.

        Raises OutboxFull, and then nothing has changed, and OutboxUnusable.
        """
        if not outcome.events and outcome.state is self.state:
            return False
        first = self._outbox.last_seq + 1
        payloads = [self._event(emit, first + n, now) for n, emit in enumerate(outcome.events)]
        parts = changed_parts(self.state, outcome.state)
        self._outbox.append(payloads, parts, self._keeper.at_us(now))
        self.state = outcome.state
        return True

    def configure(self, cfg: Config, now: Now) -> None:
        """Keep what the hub wants of this device. Raises OutboxUnusable."""
        self._outbox.append((), {CFG: encode(cfg)}, self._keeper.at_us(now))
        self.cfg = cfg

    def _event(self, emit: Emit, seq: int, now: Now) -> bytes:
        event = Event(
            v=VERSION,
            dev=self._device,
            epoch=self._outbox.epoch,
            boot=self._outbox.boot,
            seq=seq,
            at=self._keeper.at_us(now),
            at_quality=self._keeper.quality(now),
            mono_ms=now.mono_ms,
            type=type(emit.data).__name__,
            data=encode_data(emit.data),
            actor=emit.actor,
            assignment=emit.assignment,
            rev=emit.rev,
        )
        return encode_event(event)


def _read_state(parts: dict[str, bytes]) -> HandheldState:
    try:
        return read_parts(parts)
    except (msgspec.DecodeError, KeyError) as wrong:
        raise OutboxUnusable("state", str(wrong)) from wrong
