"""Folders that a power cut leaves standing, and open to nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

from edge.storage.durable_file import RealDisk


class WatchedDisk(RealDisk):
    """Remembers whose names were flushed."""

    def __init__(self) -> None:
        self.flushed: list[Path] = []

    def sync(self, path: Path) -> None:
        super().sync(path)
        self.flushed.append(path)


def test_each_new_folder_is_flushed_into_the_one_above_it(tmp_path):
    disk = WatchedDisk()
    disk.make_folder(tmp_path / "a" / "b")
    assert disk.flushed == [tmp_path, tmp_path / "a"]
    disk.make_folder(tmp_path / "a" / "b")
    assert len(disk.flushed) == 2


def test_a_new_folder_is_for_its_user_alone(tmp_path):
    RealDisk().make_folder(tmp_path / "a" / "b")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
