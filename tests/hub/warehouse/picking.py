"""A released wave and a picker's events, for stories about what events do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.db import fetch
from hub.inventory.service import define_bins
from hub.outbox import OutboxMessage
from hub.warehouse import dispatch, service
from hub.warehouse.floor import demo_floor
from hub.warehouse.pick_events import HANDLERS
from protocols import envelope
from protocols.messages.codec import decode
from protocols.messages.commands import Command, OfferAssignment, command_data
from protocols.messages.events import (
    ActUndone,
    EventData,
    PickConfirmed,
    PickShorted,
    ShortReason,
    ToteAssigned,
    WorkRequested,
)
from protocols.messages.work import Assignment, WorkLine
from tests.hub import builders
from tests.hub.conftest import TestHub

PERSON = b"p" * 16
BINS = ("A-01-01-1", "A-02-01-1", "A-03-01-1")


class Picking:
    """One device with work in hand; `do` applies an event as the gateway would."""

    def __init__(self, hub: TestHub, device: str = "hh-1") -> None:
        self.hub = hub
        self.device = device
        self.seq = 0
        self.work: Assignment | None = None

    def apply(self, data: EventData, *, assignment: bool = True) -> str:
        """Apply one event in a transaction of its own; returns its key."""
        self.seq += 1
        held = self.work.id if self.work is not None and assignment else None
        event = envelope.Event(
            v=1, dev=self.device, epoch="e", boot=1, seq=self.seq, at=self.hub.clock.now_us(),
            at_quality="synced", mono_ms=0, type=type(data).__name__,
            data=envelope.encode_data(data), actor=PERSON.hex(), assignment=held,
        )  # fmt: skip
        key = f"{self.device}/e/{self.seq}"
        with self.hub.act(event.type, "device", key=key) as act:
            act.device, act.actor = self.device, PERSON
            HANDLERS[event.type](act, event, data)
        return key

    def take_work(self) -> Assignment:
        """Ask for work and accept what is offered."""
        self.apply(WorkRequested(slots=6), assignment=False)
        return self.accept()

    def accept(self) -> Assignment:
        """Read the newest offer for this device and accept it."""
        sent = (
            OutboxMessage.select()
            .where(
                (OutboxMessage.device == self.device) & (OutboxMessage.type == "OfferAssignment")
            )
            .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
            .first()
        )
        offer = command_data(decode(Command, bytes(sent.payload)))
        assert isinstance(offer, OfferAssignment)
        self.work = offer.assignment
        with self.hub.act() as act:
            dispatch.answered_offer(act, bytes.fromhex(self.work.id), self.device, True, "")
        return self.work

    def line(self, n: int = 0) -> WorkLine:
        assert self.work is not None
        return self.work.lines[n]

    def tote(self, code: str = "T1", slot: str | None = None) -> str:
        assert self.work is not None
        return self.apply(ToteAssigned(slot=slot or self.work.slots[0].slot, tote=code))

    def pick(self, quantity: int, n: int = 0, *, tote: str = "T1", bin: str = "") -> str:
        line = self.line(n)
        return self.apply(
            PickConfirmed(
                line=line.id, bin=bin or line.bin, item=line.item, quantity=quantity, tote=tote
            )
        )

    def short(self, found: int, n: int = 0, reason: ShortReason = "EMPTY") -> str:
        line = self.line(n)
        return self.apply(
            PickShorted(
                line=line.id, bin=line.bin, item=line.item, quantity=found, reason=reason,
                tote="T1" if found else None,
            )
        )  # fmt: skip

    def undo(self, key: str) -> str:
        return self.apply(ActUndone(epoch="e", seq=int(key.rsplit("/", 1)[1])))


def released(hub: TestHub, stock: Mapping[str, int], *orders: Mapping[str, int]) -> None:
    """Stock as `BIN/SKU: units`, and the orders released in one wave."""
    with hub.act() as act:
        define_bins(act, [demo_floor().bin(code) for code in BINS])
    for where, quantity in stock.items():
        bin, sku = where.split("/")
        builders.stock(hub, bin, sku, quantity)
    ids = [builders.order(hub, wanted) for wanted in orders]
    with hub.act() as act:
        wave = service.plan_wave(act, ids, method="CLUSTER", slots=6)
    done = False
    while not done:
        with hub.act() as act:
            done = service.allocate_wave(act, wave)
    done = False
    while not done:
        with hub.act() as act:
            done = service.release_wave(act, wave)


def stages(hub: TestHub) -> dict[str, int]:
    """Units of all order lines by stage, empty stages left out."""
    names = ("open", "backordered", "allocated", "released", "picked", "packed", "shipped")
    sums = ", ".join(f'SUM("{name}")' for name in names)
    row = fetch(hub.database, f"SELECT {sums} FROM order_line")[0]
    return {name: int(units) for name, units in zip(names, row, strict=True) if units}


def where_is(hub: TestHub, sku: str) -> dict[str, int]:
    """Where the units of an article are, by place code (and status when not available)."""
    rows = fetch(
        hub.database,
        "SELECT p.code, b.status, b.on_hand FROM balance b JOIN place p ON p.id = b.place "
        "JOIN item i ON i.id = b.item WHERE i.sku = ? AND b.on_hand <> 0 AND b.is_real",
        (sku,),
    )
    return {
        code if status == "AVAILABLE" else f"{code} {status}": int(units)
        for code, status, units in rows
    }


def open_kinds(hub: TestHub) -> list[str]:
    """Kinds of open exceptions, sorted."""
    rows = fetch(hub.database, "SELECT kind FROM floor_exception WHERE state = 'OPEN'")
    return sorted(kind for (kind,) in rows)


def work_states(hub: TestHub) -> list[str]:
    rows = fetch(hub.database, "SELECT state FROM assignment")
    return sorted(state for (state,) in rows)


def values_of(hub: TestHub, kind: str) -> dict[str, Any]:
    rows = fetch(hub.database, 'SELECT "values" FROM floor_exception WHERE kind = ?', (kind,))
    return msgspec.json.decode(bytes(rows[0][0]), type=dict[str, Any])
