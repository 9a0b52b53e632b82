"""One hub for each data folder, one gateway for each site. Owns the locks that guarantee it.

A file lock (flock) ends with its process, however that dies; on PostgreSQL an advisory lock of the
gateway's own connection does the same across machines.
"""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hub.errors import SecondHub
from hub.identity.private_files import make_lasting_folder

if TYPE_CHECKING:
    import peewee

HELD_ATTEMPTS: Final = 40
HELD_PAUSE_S: Final = 0.05
"""A killed predecessor's children take a moment to die with it."""


@contextmanager
def data_lock(folder: Path, name: str, *, attempts: int = 1) -> Iterator[None]:
    """Hold `folder/name.lock` while inside; raises SecondHub, which names the holder."""
    make_lasting_folder(folder)
    path = folder / f"{name}.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(fd, folder, attempts)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(fd)


def _take(fd: int, folder: Path, attempts: int) -> None:
    for left in range(attempts - 1, -1, -1):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as wrong:
            if left == 0:
                holder = os.pread(fd, 200, 0).decode(errors="replace")
                raise SecondHub(str(folder), holder or "unknown") from wrong
            select.select([], [], [], HELD_PAUSE_S)
        else:
            return


@contextmanager
def gateway_lock(database: peewee.Database, folder: Path, site: str) -> Iterator[None]:
    """Be the only gateway of a site; raises SecondHub.

    On PostgreSQL the lock belongs to the current connection: a gateway that lost its connection
    must exit, since another may have taken its place.
    """
    with data_lock(folder, f"gateway-{site}", attempts=HELD_ATTEMPTS):
        from hub.db import is_postgresql  # whoever holds a file alone needs no database

        if is_postgresql(database):
            _take_advisory(database, site)
        yield


def _take_advisory(database: peewee.Database, site: str) -> None:
    number = int.from_bytes(blake2b(f"binlight {site}".encode(), digest_size=8).digest()) >> 1
    for left in range(HELD_ATTEMPTS - 1, -1, -1):
        if _one(database, "SELECT pg_try_advisory_lock(%s)", number):
            return
        if left:
            select.select([], [], [], HELD_PAUSE_S)
    pid = _one(
        database,
        "SELECT MAX(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted",
        number & 0xFFFFFFFF,
    )
    raise SecondHub(f"site {site}", f"database session {pid}")


def _one(database: peewee.Database, sql: str, value: int) -> Any:
    cursor: Any = database.execute_sql(sql, (value,))  # type: ignore[no-untyped-call]
    return cursor.fetchone()[0]
