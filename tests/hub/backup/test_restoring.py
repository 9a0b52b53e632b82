"""A hub made again from its backup is the same hub, and another storage to its devices."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hub.backup.archive import DamagedBackup
from hub.backup.drill import drill
from hub.backup.restoring import FolderInUse, restore
from hub.db import fetch
from hub.errors import SecondHub
from hub.opening import open_beside
from hub.process.lock import data_lock
from tests.hub.backup.conftest import Shop


def units(folder: Path) -> int:
    database = open_beside(f"sqlite:///{folder / 'hub.db'}")
    rows = fetch(database, "SELECT SUM(on_hand) FROM balance WHERE is_real")
    database.close()
    return int(rows[0][0])


def epoch(folder: Path) -> str:
    database = open_beside(f"sqlite:///{folder / 'hub.db'}")
    found = str(fetch(database, "SELECT hub_epoch FROM site")[0][0])
    database.close()
    return found


def test_it_is_as_it_was_then_with_keys_and_under_a_new_epoch(shop: Shop, tmp_path: Path) -> None:
    taken = shop.back_up(tmp_path / "a.tar")
    shop.receive(7)
    shop.clock.advance(ms=3_600_000)
    new = tmp_path / "new"
    done = restore(taken.path, new, shop.clock, Random(1))
    assert done.report.ok
    assert done.kept_beside is None
    assert (units(new), units(shop.folder)) == (5, 12)
    assert epoch(new) not in ("", epoch(shop.folder))
    assert (new / "secrets" / "web-key").read_bytes() == b"k" * 32
    assert done.is_within_devices_memory


def test_a_backup_older_than_the_memory_of_devices_is_said_to_be_so(
    shop: Shop, tmp_path: Path
) -> None:
    taken = shop.back_up(tmp_path / "a.tar")
    shop.clock.advance(ms=8 * 24 * 3_600_000)
    done = restore(taken.path, tmp_path / "new", shop.clock, Random(1))
    assert not done.is_within_devices_memory


def test_a_folder_in_which_a_hub_works_is_refused(shop: Shop, tmp_path: Path) -> None:
    taken = shop.back_up(tmp_path / "a.tar")
    for name in ("hub", "gateway-w1"):
        with data_lock(shop.folder, name), pytest.raises(SecondHub):
            restore(taken.path, shop.folder, shop.clock, Random(1), force=True)
    assert units(shop.folder) == 5


def test_what_is_there_is_kept_beside_and_only_by_force(shop: Shop, tmp_path: Path) -> None:
    taken = shop.back_up(tmp_path / "a.tar")
    shop.receive(7)
    shop.journal.database.close()
    with pytest.raises(FolderInUse, match="--force"):
        restore(taken.path, shop.folder, shop.clock, Random(1))
    assert units(shop.folder) == 12
    done = restore(taken.path, shop.folder, shop.clock, Random(1), force=True)
    assert done.kept_beside is not None
    assert (units(shop.folder), units(done.kept_beside)) == (5, 12)


def test_a_damaged_backup_leaves_everything_as_it_was(shop: Shop, tmp_path: Path) -> None:
    file = shop.back_up(tmp_path / "a.tar").path
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    shop.journal.database.close()
    with pytest.raises(DamagedBackup):
        restore(file, shop.folder, shop.clock, Random(1), force=True)
    assert units(shop.folder) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "hub"]


def test_a_drill_makes_the_books_again_from_nothing_and_from_an_older_backup(
    shop: Shop, tmp_path: Path
) -> None:
    older = shop.back_up(tmp_path / "older.tar")
    shop.receive(7)
    newer = shop.back_up(tmp_path / "newer.tar")
    whole, last = drill(newer.path), drill(newer.path, older.path)
    assert (whole.ok, last.ok) == (True, True)
    assert whole.replayed.heads == last.replayed.heads
    assert whole.replayed.acts == newer.manifest.heads["w1/journal"][0]
    assert last.replayed.acts == whole.replayed.acts - older.manifest.heads["w1/journal"][0]


def test_a_drill_says_when_books_follow_from_no_act(shop: Shop, tmp_path: Path) -> None:
    shop.journal.database.execute_sql("UPDATE balance SET on_hand = on_hand + 1 WHERE is_real")
    done = drill(shop.back_up(tmp_path / "a.tar").path)
    assert not done.report.ok
    assert done.replayed.difference is not None
    assert "on_hand 6 became 5" in done.replayed.difference.what
