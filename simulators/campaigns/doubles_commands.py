"""Answers of devices to commands, sent again, late, and contradicting themselves.

Owns the model: the first answer to a command counts, and every later one changes nothing.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Final

from hub.db import fetch
from hub.device_gateway.gateway_io import Arrived
from hub.journal import Act
from hub.orders import service as orders
from hub.verify.command import verify
from hub.warehouse import planner
from hub.warehouse import service as warehouse
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command, CommandAck
from protocols.messages.events import EventData, PersonLoggedIn, WorkRequested
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.books import books, differences

DEVICES: Final = ("d1", "d2")
ORDERS: Final = 4
"""So many are taken in, planned and offered at a time."""
REPEATS_MAX: Final = 40
EPOCH: Final = "e"
ACTOR: Final = "0" * 31 + "1"
RESEND_MS: Final = 40_000


class CommandDoubles:
    """One hub with work to offer, and devices that answer too often."""

    def __init__(self, hub: BareHub, chance: Random) -> None:
        self._hub, self._chance = hub, chance
        found = fetch(hub.journal.database, "SELECT id FROM item ORDER BY sku")
        self._items = [bytes(id) for (id,) in found]
        self._seq = dict.fromkeys(DEVICES, 0)
        self._answers: list[tuple[str, CommandAck]] = []
        self._first: dict[str, bool] = {}
        self.first, self.repeated = 0, 0
        for device in DEVICES:
            self._hub.hear(hub.birth(device, EPOCH), self._event(device, PersonLoggedIn()))

    def go_on(self) -> None:
        """New work is offered and answered; then old answers come again, some turned round."""
        self._make_work()
        for device in DEVICES:
            self._hub.hear(self._event(device, WorkRequested(slots=6)))
        planner.step(self._hub.journal, self._hub.site)
        for device, command in self._heard():
            self._answer(device, CommandAck(1, command.id, self._chance.random() < 0.7))
        self._hub.clock.advance(ms=RESEND_MS)
        again = self._chance.choices(self._answers, k=self._chance.randint(1, REPEATS_MAX))
        self._repeat([self._perhaps_turned(*answer) for answer in again])

    def repeat_all_and_compare(self) -> list[str]:
        """Every answer once more; returns the tables in which something happened."""
        before = books(self._hub.journal.database)
        self._repeat(self._answers)
        return differences(before, books(self._hub.journal.database))

    def wrong(self) -> list[str]:
        """What differs from the first answers, and `verify`."""
        database = self._hub.journal.database
        rows = fetch(database, "SELECT id, state FROM outbox_message WHERE state <> 'DROPPED'")
        states = {bytes(id).hex(): state for id, state in rows}
        expected = {id: "ACCEPTED" if is_yes else "REJECTED" for id, is_yes in self._first.items()}
        complaints = [
            f"command {id} is {states.get(id)}, the first answer was {state}"
            for id, state in expected.items()
            if states.get(id) != state
        ]
        return complaints + [f"{f.where}: {f.what}" for f in verify(database).findings]

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _make_work(self) -> None:
        perform = partial(self._hub.journal.perform, site=self._hub.site, via="setup")
        for _ in range(ORDERS):
            perform("campaign.order", self._place)
        perform("campaign.wave", self._plan)
        planner.step(self._hub.journal, self._hub.site)

    def _place(self, act: Act) -> bytes:
        lines = [orders.NewLine(item, 1) for item in self._chance.sample(self._items, 2)]
        return orders.place(act, orders.NewOrder(self._hub.company, lines))

    def _plan(self, act: Act) -> bytes:
        waiting = act.tx.rows("SELECT id FROM sales_order WHERE wave IS NULL ORDER BY id")
        ids = [bytes(id) for (id,) in waiting]
        return warehouse.plan_wave(act, ids, method="SINGLE", slots=1, goal="RELEASED")

    def _heard(self) -> list[tuple[str, Command]]:
        """The commands that devices have not answered yet, as they hear them now."""
        heard = (
            (publish.topic.split("/")[-2], decode(Command, publish.payload))
            for publish in self._hub.core.tick()
            if publish.topic.endswith("/cmd")
        )
        return [(device, command) for device, command in heard if command.id not in self._first]

    def _answer(self, device: str, answer: CommandAck) -> None:
        self._first[answer.id] = answer.accepted
        self._answers.append((device, answer))
        self.first += 1
        self._hub.hear(self._message(device, answer))

    def _repeat(self, answers: list[tuple[str, CommandAck]]) -> None:
        self.repeated += len(answers)
        self._hub.hear(*(self._message(device, answer) for device, answer in answers))

    def _perhaps_turned(self, device: str, answer: CommandAck) -> tuple[str, CommandAck]:
        is_turned = self._chance.random() < 0.2
        return device, CommandAck(1, answer.id, answer.accepted != is_turned)

    def _message(self, device: str, answer: CommandAck) -> Arrived:
        return self._hub.message(device, "cmd_ack", encode(answer))

    def _event(self, device: str, data: EventData) -> Arrived:
        self._seq[device] += 1
        event = Event(
            v=1, dev=device, epoch=EPOCH, boot=1, seq=self._seq[device],
            at=self._hub.clock.now_us(), at_quality="synced", mono_ms=1,
            type=type(data).__name__, data=encode_data(data), actor=ACTOR,
        )  # fmt: skip
        return self._hub.message(device, "evt", encode_event(event))
