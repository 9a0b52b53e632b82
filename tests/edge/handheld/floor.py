"""A small floor for stories: one handheld core, a clock that is moved, a hub's words.

`Handheld` is the real core over the real outbox; nothing is replaced but time and the network.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from edge.clock import Now
from edge.config import DeviceConfig
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import Action, Input, KeyTyped, PlayTone, ScanRead
from edge.handheld.view import ScreenView
from edge.link.io_values import LinkConnected, LinkLost, MessageArrived, Publish
from edge.storage.contract import Outbox
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from edge.tones import Tone
from protocols.barcodes import badge_label, bin_label, command_label, tote_label
from protocols.envelope import Event, decode_event
from protocols.limits import OUTBOX_ROWS_MAX
from protocols.messages.acks import Ack
from protocols.messages.codec import decode, encode
from protocols.messages.commands import CommandAck, CommandData, OfferAssignment, command
from protocols.messages.configuration import Config, ShiftPerson
from protocols.messages.presence import HubState
from protocols.messages.work import Assignment, CartSlot, WorkLine
from protocols.pin_verifier import make

SITE, DEVICE = "main", "h1"
PREFIX = f"bw/1/{SITE}/dev/{DEVICE}/"
EPOCH_2026_US = 1_767_225_600_000_000
PIN = "1234"
VERIFIER = make(PIN, b"salt of the tests")
LANTERN = {"85123A": 1, "04012345678901": 1, "14012345678908": 6}
MUG = {"71053": 1}


def hex_id(number: int) -> str:
    return f"{number:032x}"


ANA = ShiftPerson(hex_id(1), "ANA", "ANA", VERIFIER)
BEN = ShiftPerson(hex_id(2), "BEN", "BEN", VERIFIER)


def line(
    number: int, bin_code: str, quantity: int, slot: str = "A", codes: dict[str, int] = LANTERN
) -> WorkLine:
    """One line to pick; the item is named by its first code."""
    sku = next(iter(codes))
    return WorkLine(
        id=hex_id(100 + number),
        bin=bin_code,
        item=hex_id(200 + sum(map(ord, sku))),
        sku=sku,
        name="WHITE LANTERN" if codes is LANTERN else "RED MUG",
        quantity=quantity,
        slot=slot,
        codes=codes,
    )


def assignment(
    lines: Sequence[WorkLine],
    slots: Sequence[CartSlot] = (CartSlot("A", "O-1"), CartSlot("B", "O-2")),
    number: int = 9,
    rev: int = 1,
) -> Assignment:
    """A piece of work in these slots."""
    needed = {known.slot for known in lines}
    return Assignment(
        id=hex_id(number),
        rev=rev,
        wave="W-1",
        kind="PICK",
        method="CLUSTER",
        lease_s=600,
        lines=tuple(lines),
        slots=tuple(slot for slot in slots if slot.slot in needed),
        walk_cm=21_200,
    )


class Handheld:
    """One device in somebody's hand. Time moves only when a story moves it."""

    def __init__(
        self,
        path: str | Path = IN_MEMORY,
        capacity: int = OUTBOX_ROWS_MAX,
        seed: int = 1,
        *,
        can_enrol: bool = False,
    ) -> None:
        self.utc_us, self.mono_ms = EPOCH_2026_US, 5_000
        self._path, self._capacity, self._seed = path, capacity, seed
        self._config = DeviceConfig(SITE, DEVICE, can_enrol=can_enrol)
        self.actions: list[Action] = []
        self.tones: list[Tone] = []
        self._commands = 0
        self.core = self._opened()

    def now(self) -> Now:
        return Now(self.utc_us, self.mono_ms)

    def wait(self, milliseconds: int) -> None:
        self.utc_us += milliseconds * 1_000
        self.mono_ms += milliseconds

    def _opened(self) -> AgentCore:
        outbox = SqliteOutbox(self._path, random.Random(self._seed), self._capacity)
        core = AgentCore(self._config, outbox, random.Random(self._seed))
        core.start(self.now())
        return core

    def restart(self) -> None:
        """The process ended somehow and a new one starts on the same storage."""
        self.core.outbox.close()
        self._seed += 1
        self.core = self._opened()

    def do(self, happened: Input) -> list[Action]:
        """One input; a second passes first, so that nothing is an echo."""
        self.wait(1_000)
        return self.at_once(happened)

    def at_once(self, happened: Input) -> list[Action]:
        actions = self.core.step(happened, self.now())
        self.actions += actions
        self.tones += [action.tone for action in actions if isinstance(action, PlayTone)]
        return actions

    # ── hands ────────────────────────────────────────────────────────────────────────────

    def scan(self, *texts: str) -> None:
        for text in texts:
            self.do(ScanRead(text))

    def type(self, text: str) -> None:
        for key in text:
            self.at_once(KeyTyped(key))
        self.do(KeyTyped("enter"))

    def say(self, *words: str) -> None:
        self.scan(*(command_label(word) for word in words))

    def bin(self, code: str) -> None:
        self.scan(bin_label(code))

    def tote(self, *codes: str) -> None:
        self.scan(*(tote_label(code) for code in codes))

    def badge(self, person: ShiftPerson = ANA) -> None:
        self.scan(badge_label(person.badge))

    def log_in(self, person: ShiftPerson = ANA) -> None:
        self.badge(person)
        self.type(PIN)

    # ── the hub ──────────────────────────────────────────────────────────────────────────

    def connect(self, hub_epoch: str = "hub-1") -> None:
        self.do(LinkConnected())
        self.hub(online=True, hub_epoch=hub_epoch)

    def disconnect(self) -> None:
        self.do(LinkLost())

    def hub(self, online: bool, hub_epoch: str = "hub-1") -> None:
        state = HubState(v=1, online=online, hub_epoch=hub_epoch)
        self.do(MessageArrived(f"bw/1/{SITE}/hub/state", encode(state)))

    def configure(self, slots: int = 2, people: tuple[ShiftPerson, ...] = (ANA, BEN)) -> None:
        cfg = Config(v=1, hash=f"cfg-{slots}", people=people, slots=slots)
        self.do(MessageArrived(PREFIX + "cfg", encode(cfg)))

    def acknowledge(self, upto: int, hub_epoch: str = "hub-1", epoch: str | None = None) -> None:
        ack = Ack(v=1, epoch=epoch or self.outbox.epoch, upto=upto, hub_epoch=hub_epoch)
        self.hear(ack)

    def hear(self, ack: Ack) -> list[Action]:
        return self.do(MessageArrived(PREFIX + "ack", encode(ack)))

    def order(self, data: CommandData, number: int | None = None) -> CommandAck | None:
        """Send a command; the device's answer, if it gives one at once."""
        self._commands += 1
        framed = command(hex_id(number or 1_000 + self._commands), 1, data)
        actions = self.do(MessageArrived(PREFIX + "cmd", encode(framed)))
        answers = [a for a in actions if isinstance(a, Publish) and a.topic.endswith("cmd_ack")]
        return decode(CommandAck, answers[0].payload) if answers else None

    def offer(self, work: Assignment) -> CommandAck | None:
        return self.order(OfferAssignment(work))

    # ── what there is to see ─────────────────────────────────────────────────────────────

    @property
    def outbox(self) -> Outbox:
        return self.core.outbox

    @property
    def view(self) -> ScreenView:
        return self.core.view

    @property
    def tone(self) -> Tone:
        return self.tones[-1]

    def events(self) -> list[Event]:
        """Every event in the outbox, oldest first."""
        rows = self.outbox.rows_after(self.outbox.position(self.outbox.epochs[0], 0), 10**6)
        return [decode_event(row.payload) for row in rows]

    def event_types(self) -> list[str]:
        return [event.type for event in self.events()]

    def sent(self, channel: str = "evt") -> list[Publish]:
        """What was published on one channel so far."""
        return [
            action
            for action in self.actions
            if isinstance(action, Publish) and action.topic == PREFIX + channel
        ]


def ready(path: str | Path = IN_MEMORY, capacity: int = OUTBOX_ROWS_MAX) -> Handheld:
    """Connected, configured, ANA logged in, no work."""
    handheld = Handheld(path, capacity)
    handheld.connect()
    handheld.configure()
    handheld.log_in()
    return handheld


def picking(
    lines: Sequence[WorkLine], path: str | Path = IN_MEMORY, capacity: int = OUTBOX_ROWS_MAX
) -> Handheld:
    """As `ready`, with this work and the cart set up."""
    handheld = ready(path, capacity)
    work = assignment(lines)
    answer = handheld.offer(work)
    assert answer is not None
    assert answer.accepted
    handheld.tote(*(f"T-{n + 1}" for n in range(len(work.slots))))
    return handheld
