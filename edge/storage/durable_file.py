"""Small files that a power cut leaves old or new, never half or empty. Owns the order of the steps.

The steps are: write beside, sync the file, rename, sync the folder. Leaving one out was measured
to leave empty files behind. They go through a `Disk`, so that a test can cut the power between any
two of them; `REAL` is the only one that a device has.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final, Protocol

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


class Disk(Protocol):
    """What a file system can do. Raises OSError from any call."""

    def read(self, path: Path) -> bytes | None:
        """A file's content; None when there is none."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it, for this user alone, durably; may be there already."""
        ...

    def write(self, path: Path, content: bytes) -> None:
        """Make or replace a file, for this user alone. Not durable before `sync`."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its name at once for all readers. Not durable before the folder's `sync`."""
        ...

    def sync(self, path: Path) -> None:
        """Make a file's content, or the names in a folder, survive a power cut."""
        ...


class RealDisk:
    """The machine's own."""

    def read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def make_folder(self, path: Path) -> None:
        if path.is_dir():
            return
        self.make_folder(path.parent)
        path.mkdir(exist_ok=True, mode=FOLDER_MODE)
        self.sync(path.parent)

    def write(self, path: Path, content: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # left by a cut: its rights may be another's
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(fd, "wb") as file:
            file.write(content)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def sync(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


REAL: Final = RealDisk()


def rewrite(path: Path) -> None:
    """Write a file's own bytes once more and flush them: what a failed flush left in memory alone
    is on the disk then. Nobody else may write meanwhile. Raises OSError.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return
    with file:
        content = file.read()
        file.seek(0)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_durably(path: Path, content: bytes, disk: Disk = REAL) -> None:
    """Put a file in place whole. When this returns, it is there after any power cut.

    Raises OSError; the old content is then still in place. May be repeated.
    """
    disk.make_folder(path.parent)
    beside = path.with_name(path.name + ".new")
    disk.write(beside, content)
    disk.sync(beside)
    disk.rename(beside, path)
    disk.sync(path.parent)
