"""No hub leaves its broker's files in memory for good."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hub.identity.broker_folders import (
    NEW_FOR_US,
    OWNER,
    PID_FILE,
    claim,
    folder_of,
    remove,
    remove_orphans,
)

NOW = 1_700_000_000_000_000
LONG_AGO = (NOW - 2 * NEW_FOR_US) / 1_000_000
JUST_NOW = (NOW - NEW_FOR_US // 2) / 1_000_000


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
    assert remove_orphans(NOW, root) == []
    (tmp_path / "a").rmdir()
    assert remove_orphans(NOW, root) == [str(tmp_path / "a")]
    assert not killed.exists()
    assert living.exists()


def test_a_folder_that_no_hub_has_claimed_is_left_alone(tmp_path: Path, root: Path):
    strange = root / "strange"
    strange.mkdir(parents=True)
    (strange / "file").touch()
    remove(strange)
    assert remove_orphans(NOW, root) == []
    assert (strange / "file").exists()


def of_nobody(root: Path, name: str, touched_s: float) -> Path:
    """What a hub leaves that is killed before it could say whose it is."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "passwords").write_text("secret")
    os.utime(folder, (touched_s, touched_s))
    return folder


def test_what_was_never_claimed_goes_once_it_is_old(root: Path):
    old, young = of_nobody(root, "00" * 8, LONG_AGO), of_nobody(root, "01" * 8, JUST_NOW)
    strange = of_nobody(root, "somebody-elses", LONG_AGO)
    assert remove_orphans(NOW, root) == [str(old)]
    assert not old.exists()
    assert young.exists()
    assert strange.exists()


def test_a_folder_on_which_a_broker_lives_stays(root: Path, tmp_path: Path):
    folder = of_nobody(root, "00" * 8, LONG_AGO)
    program = tmp_path / "mosquitto"
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as broker:
        assert broker.stdin is not None
        assert broker.stdout is not None
        os.write(broker.stdin.fileno(), b"x")
        assert os.read(broker.stdout.fileno(), 1) == b"x", "it is up, under its own name"
        (folder / PID_FILE).write_text(str(broker.pid))
        os.utime(folder, (LONG_AGO, LONG_AGO))
        while_it_lives = remove_orphans(NOW, root)
    assert while_it_lives == []
    assert remove_orphans(NOW, root) == [str(folder)]


def test_files_within_the_data_need_no_owner(tmp_path: Path):
    folder = tmp_path / "data" / "broker"
    folder.mkdir(parents=True)
    claim(folder, tmp_path / "data")
    assert not (folder / OWNER).exists()


def test_before_there_was_any_hub_nothing_is_gone(tmp_path: Path):
    assert remove_orphans(NOW, tmp_path / "nothing") == []
