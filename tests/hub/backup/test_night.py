"""The night's work: what it keeps, what it says, and whom it tells."""

from __future__ import annotations

import os
import select
import signal
import subprocess

import msgspec

from hub.backup.night import Night, made_in
from hub.backup.queries import last
from hub.backup.watch import is_night, note_cut_short
from hub.floor_exceptions import FloorException
from hub.process.supervise import python_command
from hub.warehouse.acts import SettleException
from tests.hub.backup.conftest import Shop

DAY_MS = 24 * 3_600_000


def night(shop: Shop) -> bool:
    shop.clock.advance(ms=DAY_MS)
    return Night(shop.config, shop.journal).run()


def opened() -> list[str]:
    return [row.kind for row in FloorException.select().where(FloorException.state == "OPEN")]


def test_a_good_night_leaves_a_backup_a_verification_and_a_drill(shop: Shop) -> None:
    assert night(shop)
    for kind in ("BACKUP", "VERIFY", "DRILL"):
        run = last(shop.journal.database, "w1", kind)
        assert run is not None
        assert run.is_good, run.text
    assert len(made_in(shop.folder / "backups", "w1")) == 1
    assert opened() == []


def test_the_next_nights_drill_begins_with_the_backup_before(shop: Shop) -> None:
    assert night(shop)
    shop.receive(7)
    for _ in range(7):
        assert night(shop)
    run = last(shop.journal.database, "w1", "DRILL")
    assert run is not None
    assert run.text == "2 acts came out the same"  # what the night before noted of itself


def test_a_week_of_nights_keeps_no_more_than_it_should(shop: Shop) -> None:
    for _ in range(10):
        assert night(shop)
    assert 7 <= len(made_in(shop.folder / "backups", "w1")) <= 9


def test_books_that_are_not_true_open_an_exception_that_can_be_settled(shop: Shop) -> None:
    shop.journal.database.execute_sql("UPDATE balance SET on_hand = on_hand + 1 WHERE is_real")
    assert not night(shop)
    row = FloorException.get(FloorException.kind == "LEDGER_BROKEN")
    run = last(shop.journal.database, "w1", "VERIFY")
    assert run is not None
    assert "on hand is 6" in run.text
    settle = SettleException(row.id, "looked_at", {"text": "memory was replaced"})
    shop.journal.carry_out(settle, site="w1", via="page")
    assert "LEDGER_BROKEN" not in opened()


def test_a_backup_that_cannot_be_written_is_told(shop: Shop) -> None:
    (shop.folder / "backups").write_text("no folder")
    assert not night(shop)
    assert opened() == ["BACKUP_FAILED"]


def test_a_database_that_cannot_be_read_any_more_is_told(shop: Shop) -> None:
    shop.journal.database.execute_sql("ALTER TABLE balance RENAME TO gone")
    assert not night(shop)
    assert opened() == ["LEDGER_BROKEN"]


def test_it_is_done_once_a_day(shop: Shop) -> None:
    database, clock = shop.journal.database, shop.clock

    def is_due() -> bool:
        return is_night(shop.config, database, clock.now_us(), up_s=9e9)

    while not is_due():
        clock.advance(ms=3_600_000)
    assert Night(shop.config, shop.journal).run()
    assert not is_due()
    clock.advance(ms=DAY_MS)
    assert is_due()


def test_a_night_that_was_killed_is_told_and_waits_for_the_next(shop: Shop) -> None:
    def is_due() -> bool:
        return is_night(shop.config, shop.journal.database, shop.clock.now_us(), up_s=9e9)

    while not is_due():
        shop.clock.advance(ms=3_600_000)
    note_cut_short(shop.config, shop.journal, -9)
    assert opened() == ["BACKUP_FAILED"]
    assert not is_due()
    shop.clock.advance(ms=DAY_MS)
    assert is_due()


def test_what_a_killed_night_left_is_removed_and_what_is_younger_stays(shop: Shop) -> None:
    folder = shop.folder / "backups"
    long_ago_s = shop.clock.now_us() / 1_000_000 - 3_600
    for name in (".binlight-backup-a", ".binlight-drill-b", "mine"):
        (folder / name).mkdir(parents=True)
        (folder / name / "hub.db").write_bytes(b"x")
        os.utime(folder / name, (long_ago_s, long_ago_s))
    half = folder / ".binlight-w1-20261121T020000Z.tar.0a1b.new"
    half.write_bytes(b"x")
    os.utime(half, (long_ago_s, long_ago_s))
    (folder / ".binlight-backup-young").mkdir()
    os.utime(folder / ".binlight-backup-young", (long_ago_s + DAY_MS / 1_000,) * 2)
    assert night(shop)
    left = {path.name for path in folder.iterdir()}
    assert {"mine", ".binlight-backup-young"} < left
    assert left.isdisjoint({".binlight-backup-a", ".binlight-drill-b", half.name})


def test_it_is_a_process_of_its_own(shop: Shop) -> None:
    done = subprocess.run(
        python_command("hub.backup.night"), input=msgspec.json.encode(shop.config), check=False
    )
    assert done.returncode == 0
    run = last(shop.journal.database, "w1", "DRILL")
    assert run is not None
    assert run.is_good


def test_a_hub_that_is_stopped_in_mid_backup_leaves_nothing_half_written(shop: Shop) -> None:
    """`systemctl stop` at two in the morning; the next night goes on as if nothing had been."""
    shop.journal.database.execute_sql("CREATE TABLE filler AS SELECT randomblob(40000000) AS b")
    command, backups = python_command("hub.backup.night"), shop.folder / "backups"
    with subprocess.Popen(command, stdin=subprocess.PIPE) as work:
        assert work.stdin is not None
        work.stdin.write(msgspec.json.encode(shop.config))
        work.stdin.close()
        while not list(backups.glob(".binlight-backup-*/hub.db")):
            assert work.poll() is None, "it ended before it began"
            select.select([], [], [], 0.005)
        work.send_signal(signal.SIGTERM)
    assert work.returncode == 128 + signal.SIGTERM
    assert list(backups.iterdir()) == []
    assert last(shop.journal.database, "w1", "BACKUP") is None
    assert opened() == [], "a stop is nobody's fault"
    shop.journal.database.execute_sql("DROP TABLE filler")
    assert night(shop)
