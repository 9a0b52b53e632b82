"""Writes the archive that the kernel unpacks as its first file system: cpio in the form "newc".

Owns the form alone (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import stat
from pathlib import PurePosixPath
from typing import BinaryIO, Final

ALIGNMENT_BYTES: Final = 4
_END: Final = "TRAILER!!!"


class NewcArchive:
    """An archive that is being written; folders above a file are added by themselves."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._folders: set[str] = set()
        self._count = 0

    def add_file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """A file with these bytes."""
        self._add_folders(path)
        self._write(path, stat.S_IFREG | mode, content)

    def add_link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._add_folders(path)
        self._write(path, stat.S_IFLNK | 0o777, target.encode())

    def add_folder(self, path: str) -> None:
        """An empty folder, for what is mounted there; the same one twice is one."""
        self._add_folders(f"{path}/")

    def finish(self) -> None:
        """The end mark; without it the kernel takes the archive for a broken one."""
        self._write(_END, 0, b"")

    def _add_folders(self, path: str) -> None:
        parents = PurePosixPath(f"{path}x").parents
        for folder in reversed([str(parent) for parent in parents]):
            if folder not in self._folders | {"."}:
                self._folders.add(folder)
                self._write(folder, stat.S_IFDIR | 0o755, b"")

    def _write(self, path: str, mode: int, content: bytes) -> None:
        name = path.encode() + b"\0"
        self._count += 1
        fields = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._stream.write(_padded(header + name) + _padded(content))


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % ALIGNMENT_BYTES)
