"""A memory card of our own, small enough to be filled, and broken on demand. Root alone.

Owns a mounted file system in a folder: tmpfs, whose size can shrink to what is used, or ext4 on a
loop device, which can run out of inodes and goes read-only when it finds itself damaged, as real
cards do. Everything is unmounted at the end of `with`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

CARD_BYTES: Final = 8 * 1024 * 1024
INODES: Final = 16
ROOM_BYTES: Final = 64 * 1024


@cache
def can_mount() -> bool:
    """Whether this process may mount a file system."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory(prefix="binlight-card-") as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "card", folder],
            check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode == 0:
            _run("umount", folder)
    return done.returncode == 0


@cache
def can_loop() -> bool:
    """Whether a file can be mounted as a card."""
    if not can_mount():
        return False
    try:
        with ext4_card():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


class TmpfsCard:
    """A card whose free room is what we say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Nothing more fits, but for the rest of the last pages."""
        used = os.statvfs(self.folder)
        bytes_used = (used.f_blocks - used.f_bfree) * used.f_frsize
        self._resize(bytes_used + used.f_frsize)

    def empty(self) -> None:
        """Somebody made room."""
        self._resize(CARD_BYTES)

    def _resize(self, size: int) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.folder))


@contextmanager
def tmpfs_card() -> Iterator[TmpfsCard]:
    with tempfile.TemporaryDirectory(prefix="binlight-card-") as folder:
        _run("mount", "-t", "tmpfs", "-o", f"size={CARD_BYTES}", "card", folder)
        try:
            yield TmpfsCard(Path(folder))
        finally:
            _run("umount", folder)


class Ext4Card:
    """A card with few inodes, which can be damaged."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder

    def mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def use_up_inodes(self) -> list[Path]:
        """Make empty files until no more can be made; returns them."""
        made: list[Path] = []
        with suppress(OSError):
            while len(made) < CARD_BYTES:
                path = self.folder / f"empty-{len(made)}"
                path.touch()
                made.append(path)
        return made

    def damage(self) -> None:
        """The file system finds an error in itself and takes no more writes."""
        device = self.folder.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("damaged for a test")

    def repair(self) -> None:
        """What the boot of a device does: check it, mount it again."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", str(self._image)], check=False, capture_output=True)
        self.mount()


@contextmanager
def ext4_card() -> Iterator[Ext4Card]:
    with tempfile.TemporaryDirectory(prefix="binlight-card-") as folder:
        image, mounted = Path(folder) / "image", Path(folder) / "card"
        mounted.mkdir()
        with image.open("wb") as file:
            file.truncate(CARD_BYTES)
        _run("mkfs.ext4", "-q", "-N", str(INODES), str(image))
        card = Ext4Card(image, mounted)
        card.mount()
        try:
            yield card
        finally:
            card.unmount()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
