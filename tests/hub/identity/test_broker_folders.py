"""No hub leaves its broker's files in memory for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.identity.broker_folders import OWNER, claim, folder_of, remove, remove_orphans


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "run"


def of_hub(data: Path, root: Path) -> Path:
    """A hub's folder, with a password in it."""
    data.mkdir()
    folder = folder_of(data, root)
    folder.mkdir(parents=True)
    claim(folder, data)
    (folder / "passwords").write_text("secret")
    return folder


def test_each_hub_has_one_of_its_own_whatever_way_its_data_are_named(tmp_path: Path, root: Path):
    folder = of_hub(tmp_path / "a", root)
    assert folder == folder_of(tmp_path / "b" / ".." / "a", root)
    assert folder != folder_of(tmp_path / "b", root)


def test_a_hub_that_ends_takes_its_own_away_and_no_other(tmp_path: Path, root: Path):
    mine, other = of_hub(tmp_path / "a", root), of_hub(tmp_path / "b", root)
    remove(mine)
    remove(mine)
    assert not mine.exists()
    assert (other / "passwords").exists()


def test_what_a_killed_hub_left_goes_once_its_data_are_gone(tmp_path: Path, root: Path):
    killed, living = of_hub(tmp_path / "a", root), of_hub(tmp_path / "b", root)
    assert remove_orphans(root) == []
    (tmp_path / "a").rmdir()
    assert remove_orphans(root) == [str(tmp_path / "a")]
    assert not killed.exists()
    assert living.exists()


def test_a_folder_that_no_hub_has_claimed_is_left_alone(tmp_path: Path, root: Path):
    strange = root / "strange"
    strange.mkdir(parents=True)
    (strange / "file").touch()
    remove(strange)
    assert remove_orphans(root) == []
    assert (strange / "file").exists()


def test_files_within_the_data_need_no_owner(tmp_path: Path):
    folder = tmp_path / "data" / "broker"
    folder.mkdir(parents=True)
    claim(folder, tmp_path / "data")
    assert not (folder / OWNER).exists()


def test_before_there_was_any_hub_nothing_is_gone(tmp_path: Path):
    assert remove_orphans(tmp_path / "nothing") == []
