"""Log files of the hub's parts: kept short without asking their writers. Owns `logs/`.

A part writes to the descriptor it was born with, in append mode. So a full file is copied beside,
compressed, and then cut to nothing in place: the writer goes on at the new end. Lines written
between copy and cut are lost; these are logs for people, the books are elsewhere.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FILE_BYTES_MAX: Final = 8 * 1_048_576
FILES_KEPT: Final = 5
"""Older pieces of each log, compressed: `gateway.log.1.gz` is the youngest."""
LOOK_EVERY_MS: Final = 10_000


class LogFolder:
    """Rotates every `*.log` of a folder. Safe to call at any rate; looks every ten seconds."""

    def __init__(self, folder: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        self._folder, self._bytes_max = folder, bytes_max
        self._look_at_ms = 0

    def look(self, now_ms: int) -> list[Path]:
        """Cut what has grown too long; returns those files. A full disk leaves them as they are."""
        if now_ms < self._look_at_ms:
            return []
        self._look_at_ms = now_ms + LOOK_EVERY_MS
        return [path for path in self._too_long() if rotate(path)]

    def _too_long(self) -> Iterable[Path]:
        for path in sorted(self._folder.glob("*.log")):
            if path.stat().st_size > self._bytes_max:
                yield path


def rotate(path: Path) -> bool:
    """Put what a log holds into `.1.gz`, move the older ones on, and empty it in place.

    Returns False when there is no room for the copy: then the log is cut without one, since a
    disk filled by logs would stop the work.
    """
    fresh = path.with_name(path.name + ".0.gz")
    try:
        with path.open("rb") as source, gzip.open(fresh, "wb", compresslevel=3) as copy:
            shutil.copyfileobj(source, copy)
    except OSError:
        fresh.unlink(missing_ok=True)
        os.truncate(path, 0)
        return False
    for number in range(FILES_KEPT - 1, -1, -1):
        older = path.with_name(f"{path.name}.{number}.gz")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}.gz"))
    os.truncate(path, 0)
    return True
