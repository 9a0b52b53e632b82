"""Each night the books are made again from an earlier backup: what no act did shows."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hub.backup import made_again
from hub.backup.archive import read_manifest
from hub.backup.made_again import CHECK
from hub.backup.restoring import restore
from hub.backup.taking import Taken, take
from hub.config import HubConfig
from hub.journal import Journal
from hub.wiring import open_journal
from tests.hub.backup.conftest import Shop


def take_after(shop: Shop, target: Path, *earlier: Taken) -> Taken:
    """A backup for which the books are made again from these earlier ones."""
    now_us = shop.clock.now_us()
    return take(shop.config, target, now_us, earlier=[one.path for one in earlier])


def differences(taken: Taken) -> list[str]:
    return [found.what for found in taken.report.findings if found.check == CHECK]


def acts(shop: Shop) -> int:
    rows = shop.journal.database.execute_sql("SELECT COUNT(*) FROM journal")
    return int(rows.fetchone()[0])


def spoil(journal: Journal, name: str = "A pan") -> None:
    """What a flipped bit does to a row that no ledger covers and no sum knows."""
    journal.database.execute_sql("UPDATE item SET name = ?", (name,))


def test_the_first_one_is_made_again_from_nothing(shop: Shop, tmp_path: Path):
    taken = take_after(shop, tmp_path / "a.tar")
    assert taken.report.ok
    assert taken.report.checked["act made again"] == acts(shop)


def test_the_next_one_only_from_what_was_done_since(shop: Shop, tmp_path: Path):
    first = take_after(shop, tmp_path / "a.tar")
    before = acts(shop)
    shop.receive(7)
    second = take_after(shop, tmp_path / "b.tar", first)
    assert second.report.ok
    assert second.report.checked["act made again"] == acts(shop) - before


def test_a_changed_value_that_no_sum_knows_is_noticed(shop: Shop, tmp_path: Path):
    first = take_after(shop, tmp_path / "a.tar")
    spoil(shop.journal)
    assert shop.back_up(tmp_path / "unseen.tar").report.ok, "verify alone cannot see it"
    second = take_after(shop, tmp_path / "b.tar", first)
    assert "name A pan became A pen" in differences(second)[0]
    assert not read_manifest(second.path).is_true


def test_a_table_whose_definition_was_changed_is_noticed(shop: Shop, tmp_path: Path):
    first = take_after(shop, tmp_path / "a.tar")
    database = shop.journal.database
    database.execute_sql("PRAGMA writable_schema = ON")
    database.execute_sql(
        "UPDATE sqlite_master SET sql = replace(sql, '\"name\" TEXT', '\"name\" TEXD') "
        "WHERE name = 'item'"
    )
    database.execute_sql("PRAGMA writable_schema = RESET")
    assert "sqlite_master" in differences(take_after(shop, tmp_path / "b.tar", first))[0]


def test_it_stays_noticed_since_a_backup_of_untrue_books_begins_nothing(shop: Shop, tmp_path: Path):
    first = take_after(shop, tmp_path / "a.tar")
    spoil(shop.journal)
    second = take_after(shop, tmp_path / "b.tar", first)
    shop.receive(7)
    assert differences(take_after(shop, tmp_path / "c.tar", second, first))


def test_a_damaged_backup_is_told_and_an_older_one_is_taken(shop: Shop, tmp_path: Path):
    oldest = take_after(shop, tmp_path / "a.tar")
    before = acts(shop)
    shop.receive(7)
    damaged = take_after(shop, tmp_path / "b.tar", oldest)
    whole = bytearray(damaged.path.read_bytes())
    whole[len(whole) // 2] ^= 1
    damaged.path.write_bytes(whole)
    taken = take_after(shop, tmp_path / "c.tar", damaged, oldest)
    assert taken.report.ok
    assert taken.damaged == ["b.tar"]
    assert taken.report.checked["act made again"] == acts(shop) - before


def test_a_backup_of_acts_that_a_restore_has_undone_is_passed_over(shop: Shop, tmp_path: Path):
    oldest = take_after(shop, tmp_path / "a.tar")
    shop.receive(7)
    undone = take_after(shop, tmp_path / "b.tar", oldest)
    config = HubConfig(str(tmp_path / "again"))
    restore(oldest.path, config.data, shop.clock, Random(1))
    journal = open_journal(config, shop.clock, Random(2))
    earlier = [undone.path, oldest.path]
    taken = take(config, tmp_path / "c.tar", shop.clock.now_us(), earlier=earlier)
    journal.database.close()
    assert taken.report.ok
    assert taken.report.checked["act made again"] == 3, "the restore, who stays out, the rights"


def test_a_long_journal_without_any_backup_is_left_for_tomorrow(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(made_again, "ACTS_MAX", 1)
    first = take_after(shop, tmp_path / "a.tar")
    assert "act made again" not in first.report.checked
    shop.receive(7)
    assert take_after(shop, tmp_path / "b.tar", first).report.checked["act made again"] > 1
