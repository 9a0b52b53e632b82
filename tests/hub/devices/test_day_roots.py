"""The day's roots on the devices: sent once a day, kept, told in births, and a cut tail shows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from edge.link.day_roots import read_roots
from edge.link.io_values import LinkConnected
from edge.run import command as edge_command
from edge.storage.outbox import SqliteOutbox
from hub.devices import day_roots
from hub.devices.models import DayRoot
from hub.floor_exceptions import FloorException
from hub.journal import JOURNAL, JournalRow, LedgerHead
from hub.opening import open_database
from hub.outbox import OutboxMessage
from hub.verify.command import command as verify_command
from hub.verify.command import verify
from hub.warehouse import exceptions
from hub.wiring import birth_handlers
from protocols.limits import ROOT_DAYS_KEPT
from protocols.messages.codec import decode
from protocols.messages.commands import Command, KeepRoots, command_data
from protocols.messages.presence import Birth
from protocols.messages.roots import DayRoots, LedgerRoot
from tests.edge.handheld.floor import Handheld
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor

DAY_MS = 24 * 3_600_000


def floor_of(hub: TestHub) -> Floor:
    floor = Floor(hub)
    floor.core = floor.new_core(birth_handlers=birth_handlers())
    floor.enrol("h1")
    return floor


def keep(hub: TestHub) -> bool:
    hub.clock.advance(ms=1)
    return day_roots.keep_if_due(hub.journal, hub.site)


def sent(device: str = "h1") -> list[KeepRoots]:
    rows = OutboxMessage.select().where(
        (OutboxMessage.device == device) & (OutboxMessage.type == "KeepRoots")
    )
    ordered = rows.order_by(OutboxMessage.created_at, OutboxMessage.id)
    return [command_data(decode(Command, bytes(row.payload))) for row in ordered]  # type: ignore[misc]


def as_kept(roots: KeepRoots) -> DayRoots:
    return DayRoots(roots.day, roots.roots)


def cut_journal(rows: int) -> None:
    """The last acts never happened, as far as the database says: rows gone, head set back."""
    end = list(JournalRow.select().order_by(JournalRow.position.desc()))[rows]
    JournalRow.delete().where(JournalRow.position > end.position).execute()
    head = LedgerHead.update(position=end.position, hash=end.hash)
    head.where(LedgerHead.ledger == JOURNAL.name).execute()


def test_the_roots_of_a_day_go_to_every_enrolled_device_once(hub: TestHub):
    floor = floor_of(hub)
    floor.enrol("h2")
    builders.stock(hub, "A-01-01-1", "MUG", 5)
    assert [keep(hub), keep(hub)] == [True, False]
    (first,) = sent("h1")
    assert [first] == sent("h2")
    assert {root.ledger for root in first.roots} == {"journal", "stock"}
    assert {(row.ledger, row.position) for row in DayRoot.select()} == {
        (root.ledger, root.position) for root in first.roots
    }
    hub.clock.advance(ms=DAY_MS)
    assert keep(hub)
    assert [roots.day for roots in sent()] == sorted({roots.day for roots in sent()})
    assert len(sent()) == 2


def test_a_device_enrolled_during_the_day_gets_its_roots_as_well(hub: TestHub):
    floor = floor_of(hub)
    keep(hub)
    floor.enrol("h2")
    assert keep(hub)
    assert (len(sent("h1")), len(sent("h2"))) == (1, 1)


def test_without_devices_nothing_is_kept_until_there_is_one(hub: TestHub):
    assert not keep(hub)
    floor_of(hub)
    assert keep(hub)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", "2026-03-01"), ("Pacific/Auckland", "2026-03-02"), ("America/Lima", "2026-03-01")],
)
def test_the_day_is_the_sites(zone: str, day: str):
    noon_utc_us = 1_772_366_400_000_000
    assert day_roots.day_of(noon_utc_us, zone) == day


def test_a_birth_with_the_hubs_own_roots_raises_nothing(hub: TestHub):
    floor = floor_of(hub)
    keep(hub)
    floor.hear(Device(floor).birth(roots=as_kept(sent()[0])))
    assert floor.exceptions() == []
    assert verify(hub.database).ok


def test_a_cut_tail_shows_at_the_next_birth_and_only_once(hub: TestHub):
    floor = floor_of(hub)
    floor.enrol("h2")
    builders.stock(hub, "A-01-01-1", "MUG", 5)
    keep(hub)
    roots = as_kept(sent()[0])
    cut_journal(2)
    assert verify(hub.database).ok, "a cut tail leaves a whole chain"

    floor.hear(Device(floor).birth(roots=roots), Device(floor, "h2").birth(roots=roots))
    floor.hear(Device(floor).birth("s2", roots=roots))
    assert floor.exceptions() == ["LEDGER_CUT"]
    told = msgspec.json.decode(bytes(FloorException.get().values))
    assert (told["ledger"], told["code"]) == ("journal", "MISSING")
    assert floor.refused() == {}
    assert verify(hub.database).ok


def test_another_row_in_the_same_place_shows_too(hub: TestHub):
    floor = floor_of(hub)
    keep(hub)
    roots = as_kept(sent()[0])
    other = LedgerRoot("journal", roots.roots[0].position, "ab" * 32)
    floor.hear(Device(floor).birth(roots=DayRoots(roots.day, (other,))))
    told = msgspec.json.decode(bytes(FloorException.get().values))
    assert told["code"] == "DIFFERENT"


def test_an_older_copy_of_the_database_is_noticed(sqlite_hub: TestHub, tmp_path: Path):
    """Copied in the morning, put back in the evening: the device remembers the next day's roots."""
    floor_of(sqlite_hub)
    copy = tmp_path / "copy.db"
    sqlite_hub.database.execute_sql("VACUUM INTO ?", (str(copy),))
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 5)
    keep(sqlite_hub)
    roots = as_kept(sent()[0])
    sqlite_hub.database.close()

    database = open_database(f"sqlite:///{copy}")
    restored = TestHub(database, str(copy))
    restored.clock.advance(ms=60_000)
    floor = Floor(restored)
    floor.core = floor.new_core(birth_handlers=birth_handlers())
    assert verify(database).ok
    floor.hear(Device(floor).birth(roots=roots))
    assert set(floor.exceptions()) == {"LEDGER_CUT"}
    database.close()


def test_who_knows_why_acknowledges_and_devices_get_the_present_roots(hub: TestHub):
    floor = floor_of(hub)
    keep(hub)
    other = LedgerRoot("stock", 10_000, "ab" * 32)
    floor.hear(Device(floor).birth(roots=DayRoots("2026-01-05", (other,))))
    with hub.act() as act:
        said = exceptions.settle(
            act, FloorException.get().id, "acknowledge", {"text": "restored after the flood"}
        )
    assert said == "acknowledged: restored after the flood"
    assert len(sent()) == 2
    floor.hear(Device(floor).birth("s2", roots=as_kept(sent()[1])))
    assert len(floor.exceptions()) == 1


# ── on the device ────────────────────────────────────────────────────────────────────────────


def roots_of(day: int) -> KeepRoots:
    return KeepRoots(f"2026-01-{day:02}", (LedgerRoot("stock", day, f"{day:02}" * 32),))


def newest(handheld: Handheld) -> Any:
    handheld.do(LinkConnected())
    return decode(Birth, handheld.sent("birth")[-1].payload).roots


def test_a_device_keeps_a_month_of_roots_over_a_power_cut(tmp_path: Path):
    handheld = Handheld(tmp_path / "outbox.sqlite")
    handheld.connect()
    for day in range(1, 32):
        answer = handheld.order(roots_of(day))
        assert answer is not None
        assert answer.accepted
    handheld.order(KeepRoots("2026-02-01", roots_of(1).roots))
    handheld.outbox.close()
    kept = read_roots(tmp_path / "outbox.sqlite")
    assert [day.day for day in kept][:1] == ["2026-01-02"]
    assert (len(kept), kept[-1].day) == (ROOT_DAYS_KEPT, "2026-02-01")
    assert newest(Handheld(tmp_path / "outbox.sqlite")) == kept[-1]


def test_a_repeated_command_keeps_nothing_twice(tmp_path: Path):
    handheld = Handheld(tmp_path / "outbox.sqlite")
    handheld.connect()
    assert newest(handheld) is None
    for _ in range(3):
        handheld.order(roots_of(5), number=77)
    assert len(read_roots(tmp_path / "outbox.sqlite")) == 1


def test_roots_from_a_drawer_show_what_was_cut(sqlite_hub: TestHub, tmp_path: Path):
    """`binlight edge --roots` and `binlight verify --roots`, with the file of a device."""
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 5)
    floor_of(sqlite_hub)
    keep(sqlite_hub)
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite", random.Random(1))
    from edge.link import day_roots as on_device

    on_device.keep(outbox, as_kept(sent()[0]))
    outbox.close()
    config = tmp_path / "h1.toml"
    example = Path(edge_command.callback.__code__.co_filename).parent / "handheld" / "example.toml"
    config.write_text(example.read_text())
    said = CliRunner().invoke(
        edge_command, ["--config", str(config), "--data", str(tmp_path), "--roots"]
    )
    assert said.exit_code == 0, said.output
    kept = {**json.loads(said.output), "site": "w1"}
    file = tmp_path / "roots.json"
    file.write_text(json.dumps(kept))
    arguments = ["--database", sqlite_hub.url, "--json", "--roots", str(file)]
    good = CliRunner().invoke(verify_command, arguments)
    assert (good.exit_code, json.loads(good.output)["checked"]["root"]) == (0, 2)
    kept["days"][0]["roots"][1]["position"] += 40
    file.write_text(json.dumps(kept))
    bad = CliRunner().invoke(verify_command, arguments)
    assert bad.exit_code == 1
    assert json.loads(bad.output)["findings"][0]["check"] == "root"
