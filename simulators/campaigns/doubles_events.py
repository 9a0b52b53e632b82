"""Events of devices, sent again in every way that a device, a broker or a restart can bring about.

Owns the model of what must come of them: of each epoch, exactly the events in order, once.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from hub.db import fetch
from hub.verify.command import verify
from simulators.bench.picks import Line, confirmation
from simulators.campaigns.bare_hub import BareHub, acks
from simulators.campaigns.books import books, differences

DEVICES: Final = ("d1", "d2", "d3")
EPOCHS: Final = ("before", "after")
"""Each device loses its storage once: the second half of its events has another epoch."""
BATCH_MAX: Final = 120
ACTOR: Final = "0" * 31 + "1"
OPENING: Final = 1_000_000
"""Units in each bin before anybody picked."""


class Sent(NamedTuple):
    """One event as its device keeps it."""

    device: str
    epoch: str
    seq: int
    payload: bytes


class EventDoubles:
    """One hub and its devices; `go_on` tries more, `wrong` compares with the model."""

    def __init__(self, hub: BareHub, work: dict[str, list[Line]], chance: Random) -> None:
        self._hub, self._work, self._chance = hub, work, chance
        self._kept = {name: _events(name, lines) for name, lines in work.items()}
        self._upto = {(name, epoch): 0 for name in work for epoch in EPOCHS}
        self._ways: dict[Callable[[], list[Sent]], int] = {
            self._fresh: 3, self._again: 4, self._shuffled: 3, self._interleaved: 3,
            self._ahead: 1,
        }  # fmt: skip
        self.first, self.repeated, self.restarts = 0, 0, 0
        self.wrong_answers: list[str] = []

    @property
    def is_drained(self) -> bool:
        """Whether every event has been applied."""
        return self.first >= sum(map(len, self._kept.values()))

    def go_on(self) -> None:
        """One batch in one of the ways; now and then the gateway is another process."""
        if self._chance.random() < 0.01:
            self._hub.close()
            self._hub.open()
            self.restarts += 1
        (way,) = self._chance.choices(list(self._ways), weights=list(self._ways.values()))
        self._send(way()[:BATCH_MAX])

    def drain(self) -> None:
        """Send what no batch has brought yet."""
        while not self.is_drained:
            self._send(self._fresh())

    def repeat_all_and_compare(self) -> list[str]:
        """Once everything is applied nothing may change any more; returns the tables that did."""
        before = books(self._hub.journal.database)
        for device in self._kept:
            for start in range(0, len(self._kept[device]), BATCH_MAX):
                self._send(self._kept[device][start : start + BATCH_MAX])
        return differences(before, books(self._hub.journal.database))

    def wrong(self) -> list[str]:
        """What differs from the model: counts of events, stock of bins, and `verify`."""
        database = self._hub.journal.database
        found = {
            (device, epoch): count
            for device, epoch, count in fetch(
                database,
                "SELECT device, epoch, COUNT(*) FROM device_event WHERE state = 'APPLIED' "
                "GROUP BY device, epoch",
            )
        }
        expected = {key: upto for key, upto in self._upto.items() if upto}
        complaints = [
            f"{key}: {found.get(key)} events, {expected.get(key)} were due"
            for key in found.keys() | expected.keys()
            if found.get(key) != expected.get(key)
        ]
        complaints += self._wrong_stock()
        return complaints + [f"{f.where}: {f.what}" for f in verify(database).findings]

    # ── ways to send ─────────────────────────────────────────────────────────────────────

    def _fresh(self) -> list[Sent]:
        """What is next of one device, perhaps from a little before: its ack was lost."""
        device = self._chance.choice(list(self._kept))
        done = self._done(device)
        start = max(0, done - self._chance.choice((0, 0, 0, 5, 40)))
        return self._kept[device][start : done + self._chance.randint(1, 8)]

    def _again(self) -> list[Sent]:
        """A stretch that was sent before, in order."""
        device = self._chance.choice(list(self._kept))
        start = self._chance.randrange(self._done(device) + 1)
        return self._kept[device][start : min(self._done(device), start + BATCH_MAX)]

    def _shuffled(self) -> list[Sent]:
        """Old events of all devices in any order, some twice in one batch."""
        old = [event for device in self._kept for event in self._kept[device][: self._done(device)]]
        return self._chance.choices(old, k=BATCH_MAX) if old else []

    def _interleaved(self) -> list[Sent]:
        """Two stretches, one event of each in turn."""
        pairs = zip(self._again(), self._fresh() + self._again(), strict=False)
        return [event for pair in pairs for event in pair]

    def _ahead(self) -> list[Sent]:
        """What is next, out of order: only what follows what is there may take effect."""
        events = self._fresh()
        return self._chance.sample(events, len(events))

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _send(self, events: list[Sent]) -> None:
        hub = self._hub
        said = hub.hear(*(hub.message(event.device, "evt", event.payload) for event in events))
        for event in events:
            self._follow(event)
        expected = {(e.device, e.epoch): self._upto[e.device, e.epoch] for e in events}
        found = {(device, ack.epoch): ack.upto for device, ack in acks(said)}
        if found != expected:
            self.wrong_answers.append(f"acknowledged {found}, {expected} was due")

    def _follow(self, event: Sent) -> None:
        key = event.device, event.epoch
        if event.seq == self._upto[key] + 1:
            self._upto[key] += 1
            self.first += 1
        else:
            self.repeated += 1

    def _done(self, device: str) -> int:
        return sum(self._upto[device, epoch] for epoch in EPOCHS)

    def _wrong_stock(self) -> list[str]:
        taken: dict[str, int] = {}
        for device, lines in self._work.items():
            for line in lines[: self._done(device)]:
                taken[line.bin] = taken.get(line.bin, 0) + line.quantity
        found = fetch(
            self._hub.journal.database,
            "SELECT p.code, b.on_hand FROM balance b JOIN place p ON p.id = b.place "
            "WHERE p.kind = 'BIN'",
        )
        return [
            f"bin {code} holds {on_hand}, {OPENING - taken.get(code, 0)} were due"
            for code, on_hand in found
            if on_hand != OPENING - taken.get(code, 0)
        ]


def _events(device: str, lines: list[Line]) -> list[Sent]:
    """One event for each line; the epoch changes in the middle."""
    half = len(lines) // 2
    parts = zip(EPOCHS, (lines[:half], lines[half:]), strict=True)
    return [
        Sent(device, epoch, seq, confirmation(device, epoch, seq, line, ACTOR))
        for epoch, part in parts
        for seq, line in enumerate(part, start=1)
    ]
