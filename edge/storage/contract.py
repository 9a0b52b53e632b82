"""What an agent's core needs of a durable memory, whatever it is made of.

Keys are (epoch, seq). `seq` grows by one for ever; an epoch ends only when the storage was lost
or set back. Acknowledgement is cumulative in each epoch, so it is one number for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

State = Mapping[str, bytes | None]
"""Parts of the agent's state to write, by name; None deletes. Parts not named stay."""


class Position(NamedTuple):
    """A place in the order of sending: rows of an older epoch come first."""

    epoch_no: int
    seq: int


class OutboxRow(NamedTuple):
    """One event as it is stored and as it travels."""

    position: Position
    epoch: str
    payload: bytes


class Outbox(Protocol):
    """What the agent's core needs of a durable memory. Raises OutboxUnusable from any call."""

    @property
    def epoch(self) -> str:
        """The present epoch: 16 hexadecimal digits."""
        ...

    @property
    def last_seq(self) -> int:
        """The last sequence number given out in the present epoch; 0 before the first."""
        ...

    @property
    def boot(self) -> int:
        """How many times this memory was opened, this time included."""
        ...

    @property
    def depth(self) -> int:
        """Events not yet acknowledged by the hub."""
        ...

    @property
    def capacity(self) -> int:
        """The most that `depth` can be."""
        ...

    @property
    def last_at_us(self) -> int:
        """The moment of the newest event that is kept, by the device's own time; 0 for none."""
        ...

    @property
    def is_nearly_full(self) -> bool:
        """Whether people should be warned (OUTBOX_WARN_PERCENT)."""
        ...

    def append(self, payloads: Sequence[bytes], state: State, at_us: int) -> None:
        """Make events and state durable, all or nothing, before returning.

        The payloads take the sequence numbers after `last_seq`, in order. With no payload the
        state alone is written. Raises OutboxFull, and then nothing is written.
        """
        ...

    def state(self) -> dict[str, bytes]:
        """Every part of the state as last written."""
        ...

    def rows_after(self, position: Position, limit: int) -> list[OutboxRow]:
        """The next unacknowledged rows in the order of sending."""
        ...

    def position(self, epoch: str, seq: int) -> Position | None:
        """Where a key stands; None for an epoch that was never this device's."""
        ...

    def oldest_unacked(self) -> Position | None:
        """The first row that the hub has not acknowledged."""
        ...

    def acked_upto(self, epoch: str) -> int:
        """Everything of `epoch` up to here is acknowledged; 0 for an unknown epoch."""
        ...

    def pruned_upto(self, epoch: str) -> int:
        """Rows of `epoch` up to here are no longer kept."""
        ...

    def mark_acked(self, epoch: str, upto: int) -> int:
        """Note an acknowledgement; returns how many rows it was news for. May be repeated.

        Not flushed: a power cut may forget it, and then the rows are sent and acknowledged again.
        """
        ...

    @property
    def epochs(self) -> tuple[str, ...]:
        """Every epoch that the device had, oldest first."""
        ...

    def rewind(self, epoch: str, upto: int) -> None:
        """Take acknowledgements back to `upto`: the hub was restored from a backup."""
        ...

    def begin_epoch(self) -> str:
        """Start a new epoch at seq 1; the rows of older ones are sent first, under their keys."""
        ...

    def note(self, name: str, value: str) -> None:
        """Keep a small fact, durably."""
        ...

    def noted(self, name: str) -> str | None:
        """A fact kept by `note`."""
        ...

    def prune(self, before_us: int) -> int:
        """Delete some acknowledged rows older than `before_us`; returns how many."""
        ...

    def close(self) -> None:
        """Let go of the storage."""
        ...
