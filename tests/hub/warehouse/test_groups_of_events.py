"""Events taken in one trusting group do exactly what they do one at a time, to the last byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from hub.db import fetch
from hub.device_gateway.configuration import Configuration
from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived
from hub.devices import service
from hub.opening import open_database
from hub.tables import TABLES
from hub.verify.command import verify
from hub.warehouse.pick_events import HANDLERS, TRUSTING
from protocols import envelope
from protocols.messages.events import (
    ActUndone,
    BinVerified,
    EventData,
    PickConfirmed,
    PickShorted,
    UnitsCounted,
)
from protocols.messages.work import Assignment, WorkLine
from protocols.topics import device_topic
from tests.hub.conftest import TestHub
from tests.hub.warehouse.picking import PERSON, Picking, released

EPOCH = "f"
NEAR, FAR = "A-01-01-1", "A-03-01-1"
OF_THE_MOMENT = ("recorded_at", "now_us", "changed_at", "created_at", "seen_at", "checksum")


@pytest.fixture
def work(sqlite_hub: TestHub) -> Assignment:
    """Three orders in one hand, with stock to spare for two of them."""
    stock = {f"{NEAR}/MUG": 9, f"{FAR}/LAMP": 4, f"{NEAR}/BELL": 3}
    released(sqlite_hub, stock, {"MUG": 4, "LAMP": 2}, {"MUG": 3, "BELL": 3}, {"LAMP": 1})
    with sqlite_hub.act() as act:
        service.add_device(act, "hh-1", "handheld", Random(3).randbytes)
    return Picking(sqlite_hub).take_work()


Story = Callable[[Sequence[WorkLine], Random], list[EventData]]


def _as_planned(lines: Sequence[WorkLine], chance: Random) -> list[EventData]:
    found: list[EventData] = []
    for line in lines:
        found.append(BinVerified(line=line.id, bin=line.bin))
        found += [UnitsCounted(line=line.id, item=line.item, quantity=1, counted=1)]
        found.append(_picked(line, line.quantity))
    return found


def _in_two_goes(lines: Sequence[WorkLine], chance: Random) -> list[EventData]:
    first = [_picked(line, 1) for line in lines]
    return first + [_picked(line, line.quantity - 1, "T2") for line in lines if line.quantity > 1]


def _beyond_plan_and_books(lines: Sequence[WorkLine], chance: Random) -> list[EventData]:
    return [_picked(line, line.quantity + chance.randint(0, 4)) for line in lines]


def _some_short_and_undone(lines: Sequence[WorkLine], chance: Random) -> list[EventData]:
    found: list[EventData] = [
        _picked(lines[0], lines[0].quantity),
        ActUndone(epoch=EPOCH, seq=1),
    ]
    for line in lines:
        short = PickShorted(line=line.id, bin=line.bin, item=line.item, quantity=0,
                              reason="EMPTY", tote=None)  # fmt: skip
        found.append(short if chance.random() < 0.5 else _picked(line, line.quantity))
    return found


def _of_unknown_lines_too(lines: Sequence[WorkLine], chance: Random) -> list[EventData]:
    unknown = BinVerified(line="ab" * 16, bin=NEAR)
    return [_picked(lines[0], 1), unknown, *(_picked(line, 1) for line in lines[1:])]


def _picked(line: WorkLine, quantity: int, tote: str = "T1") -> PickConfirmed:
    return PickConfirmed(line=line.id, bin=line.bin, item=line.item, quantity=quantity, tote=tote)


@pytest.mark.parametrize(
    "story",
    [_as_planned, _in_two_goes, _beyond_plan_and_books, _some_short_and_undone,
     _of_unknown_lines_too],
)  # fmt: skip
def test_a_trusting_group_does_what_single_events_do(
    sqlite_hub: TestHub, work: Assignment, tmp_path: Path, story: Story
) -> None:
    sqlite_hub.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "copy.db"
    shutil.copy(sqlite_hub.url.removeprefix("sqlite:///"), copy)
    sent = _messages(work, story(work.lines, Random(5)))
    together = _books_after(sqlite_hub, [sent], trusting=True)
    other = TestHub(open_database(f"sqlite:///{copy}"), f"sqlite:///{copy}")
    other.clock.advance(us=sqlite_hub.clock.now_us() - other.clock.now_us())
    apart = _books_after(other, [[one] for one in sent], trusting=False)
    other.database.close()
    assert together == apart


def _messages(work: Assignment, story: list[EventData]) -> list[Arrived]:
    return [
        Arrived(
            device_topic("w1", "hh-1", "evt"),
            envelope.encode_event(
                envelope.Event(
                    v=1, dev="hh-1", epoch=EPOCH, boot=1, seq=n, at=1_000_000 + n,
                    at_quality="synced", mono_ms=n, type=type(data).__name__, actor=PERSON.hex(),
                    data=envelope.encode_data(data), assignment=work.id, rev=work.rev,
                )
            ),
        )
        for n, data in enumerate(story, start=1)
    ]  # fmt: skip


def _books_after(
    hub: TestHub, batches: list[list[Arrived]], *, trusting: bool
) -> dict[str, list[tuple[object, ...]]]:
    core = GatewayCore(
        hub.database, site="w1", company="shop", hub_epoch="h", clock=hub.clock, handlers=HANDLERS,
        answer_handlers={}, configuration=Configuration("w1", "UTC", list),
        trusting=TRUSTING if trusting else (),
    )  # fmt: skip
    for batch in batches:
        assert list(core.step(batch))
    report = verify(hub.database)
    assert report.ok, report.findings
    return {table._meta.table_name: _rows(hub, table) for table in TABLES}


def _rows(hub: TestHub, table: type) -> list[tuple[object, ...]]:
    meta = table._meta  # type: ignore[attr-defined]
    columns = [
        field.column_name for field in meta.sorted_fields if field.column_name not in OF_THE_MOMENT
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    return sorted(fetch(hub.database, f'SELECT {names} FROM "{meta.table_name}"'), key=repr)
