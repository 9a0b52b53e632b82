"""What whoever looks after the hub types, and what they read."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from hub.backup.archive import read_manifest
from hub.backup.commands import backup, restore_command
from hub.backup.queries import last, last_night
from hub.clock import SystemClock
from hub.errors import HubError
from hub.health.facts import gather
from hub.health.rules import judge
from hub.replaying.command import command as replay_command
from tests.hub.backup.conftest import Shop


def typed(command: click.Command, *arguments: object) -> Result:
    done = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_from_backup_to_restore_to_replay(shop: Shop, tmp_path: Path) -> None:
    file, new = tmp_path / "a.tar", tmp_path / "new"
    done = typed(backup, file, "--data", shop.folder)
    assert done.exit_code == 0
    assert "Its books are true" in done.output
    shop.receive(7)
    done = typed(restore_command, file, "--data", new)
    assert done.exit_code == 0
    for told in ("as it was at", "keep it for 7 days", "have to be entered again"):
        assert told in done.output
    whole = typed(replay_command, "--data", new, "--json")
    later = typed(replay_command, "--data", new, "--json", "--from", file)
    assert (whole.exit_code, later.exit_code) == (0, 0)
    told = [msgspec.json.decode(done.stdout) for done in (whole, later)]
    assert [one["acts"] for one in told] == [6, 3]
    assert told[0]["heads"] == told[1]["heads"]


def test_the_status_page_knows_a_backup_made_by_hand_and_the_night_makes_its_own(
    shop: Shop, tmp_path: Path
) -> None:
    database = shop.journal.database
    assert last(database, "w1", "BACKUP") is None
    assert typed(backup, tmp_path / "a.tar", "--data", shop.folder).exit_code == 0
    checks = {check.name: check.code for check in judge(gather("w1", shop.folder, SystemClock()))}
    assert (checks["backup"], checks["verify"]) == ("GOOD", "GOOD")
    made = last(database, "w1", "BACKUP")
    assert made is not None
    assert made.file == str(tmp_path / "a.tar")
    assert last_night(database, "w1", "BACKUP") is None


def test_a_backup_of_books_of_an_older_version_changes_nothing_in_them(
    shop: Shop, tmp_path: Path
) -> None:
    shop.journal.database.execute_sql("DELETE FROM schema_step")
    assert typed(backup, tmp_path / "a.tar", "--data", shop.folder).exit_code == 0
    assert last(shop.journal.database, "w1", "BACKUP") is None


def test_a_drill_leaves_nothing_behind(shop: Shop, tmp_path: Path) -> None:
    file = shop.back_up(tmp_path / "a.tar").path
    before = sorted(path.name for path in tmp_path.iterdir())
    done = typed(restore_command, "--drill", file)
    assert done.exit_code == 0
    assert "3 acts came out the same" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_books_that_are_not_true_end_with_status_one(shop: Shop, tmp_path: Path) -> None:
    shop.journal.database.execute_sql("UPDATE balance SET on_hand = on_hand + 1 WHERE is_real")
    done = typed(backup, tmp_path / "a.tar", "--data", shop.folder)
    assert done.exit_code == 1
    assert "on hand is 6" in done.output
    done = typed(replay_command, "--data", shop.folder)
    assert done.exit_code == 1
    assert "on_hand 6 became 5" in done.output


def test_a_day_of_the_site_is_replayed_alone(shop: Shop) -> None:
    done = typed(replay_command, "--data", shop.folder, "--day", "2000-01-01", "--json")
    assert msgspec.json.decode(done.stdout)["acts"] == 0
    with pytest.raises(HubError, match="use a date"):
        typed(replay_command, "--data", shop.folder, "--day", "yesterday")


def test_a_folder_without_a_hub_is_refused(tmp_path: Path) -> None:
    for command in (backup, replay_command):
        with pytest.raises(HubError, match="database"):
            arguments = [tmp_path / "a.tar"] if command is backup else []
            typed(command, *arguments, "--data", tmp_path)


def test_a_backup_takes_the_place_of_a_backup_and_of_nothing_else(
    shop: Shop, tmp_path: Path
) -> None:
    letter, older, folder = tmp_path / "letter.tar", tmp_path / "older.tar", tmp_path / "stick"
    letter.write_bytes(b"Dear all")
    with pytest.raises(HubError, match="is no backup: name a folder, or another file"):
        typed(backup, letter, "--data", shop.folder)
    assert letter.read_bytes() == b"Dear all"
    with pytest.raises(HubError, match=f"no folder {folder}: make it first"):
        typed(backup, folder, "--data", shop.folder)
    assert not folder.exists()
    first = shop.back_up(older)
    shop.receive(1)
    assert typed(backup, older, "--data", shop.folder).exit_code == 0
    assert read_manifest(older).made_at > first.manifest.made_at
