"""Files for their owner's eyes only, put in place whole and durably. Owns how that is done.

Keys, passwords, rights, certificates: after a power cut each holds its old or its new content,
never nothing and never a part. mosquitto lets revoked devices in when its list is broken.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, and remember it durably. Safe to repeat."""
    make_lasting_folder(folder, mode=0o700)


def make_lasting_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, so that no power cut takes them with all that is inside.

    `mode` is the folder's own, less the umask. Safe to repeat.
    """
    if folder.is_dir():
        return
    make_lasting_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=mode)
    sync_folder(folder.parent)


def write_private(path: Path, content: bytes, owner: str | None = None) -> None:
    """Put a file in place: written beside, synced, renamed, and the folder synced as well.

    Several writers may do so at once; the last rename wins, and nobody reads a mixture.
    """
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        _write_synced(beside, content, owner)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write_synced(path: Path, content: bytes, owner: str | None) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        if owner is not None:
            os.fchown(fd, pwd.getpwnam(owner).pw_uid, -1)
        os.fsync(fd)


def rewrite(path: Path) -> None:
    """Write a file's own bytes once more and flush them: what a failed flush left in memory alone
    is on the disk then. Nobody else may write meanwhile; a file that is not there stays so.
    """
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames and new names in a folder last over a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Wait until no other process is inside with the same path; a dead one does not count."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
