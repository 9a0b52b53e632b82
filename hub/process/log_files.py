"""Log files of the hub's parts: kept short without asking their writers. Owns `logs/`.

A part writes to the descriptor it was born with, in append mode. So the front of a full file is
copied beside, compressed, and then taken out of the file in place: what was written meanwhile
moves to its beginning, and the writer goes on behind it. ext4 and xfs can do that in one step, so
nothing is lost. Elsewhere the file is copied to its end and emptied, and a line that is written
between those two calls is gone.
"""

from __future__ import annotations

import ctypes
import gzip
import os
import sys
from pathlib import Path
from typing import Final, Literal

import structlog

FILE_BYTES_MAX: Final = 8 * 1_048_576
FILES_KEPT: Final = 5
"""Older pieces of each log, compressed: `gateway.log.1.gz` is the youngest."""
LOOK_EVERY_MS: Final = 10_000
CHUNK_BYTES: Final = 262_144
_COLLAPSE_RANGE: Final = 0x08
"""FALLOC_FL_COLLAPSE_RANGE of linux/falloc.h; see fallocate(2)."""
_log = structlog.get_logger("hub")
_libc = ctypes.CDLL(None, use_errno=True)


class LogFolder:
    """Rotates every `*.log` of a folder. Safe to call at any rate; looks every ten seconds."""

    def __init__(self, folder: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        self._folder, self._bytes_max = folder, bytes_max
        self._look_at_ms = 0

    def look(self, now_ms: int) -> list[Path]:
        """Cut what has grown too long; returns the files that were kept beside. What can neither be
        copied nor emptied, as on a disk that may only be read, is left as it is.
        """
        if now_ms < self._look_at_ms:
            return []
        self._look_at_ms = now_ms + LOOK_EVERY_MS
        return [path for path in sorted(self._folder.glob("*.log")) if self._cut(path)]

    def _cut(self, path: Path) -> bool:
        try:
            return path.stat().st_size > self._bytes_max and rotate(path)
        except OSError as wrong:
            _log.error("log_not_cut", file=path.name, error=str(wrong))
            return False


def pieces(path: Path) -> list[Path]:
    """The older pieces of a log that are there, the youngest first."""
    every = (_piece(path, number) for number in range(1, FILES_KEPT + 1))
    return [piece for piece in every if piece.exists()]


def rotate(path: Path) -> bool:
    """Put what a log holds into `.1.gz`, move the older ones on, and take it out of the log.

    Returns False when there is no room for the copy: then the log is emptied without one, since a
    disk filled by logs would stop the work.
    """
    fresh, front = _piece(path, 0), _front_bytes(path)
    try:
        _compress(path, 0, front, fresh, "wb")
        for number in range(FILES_KEPT - 1, -1, -1):
            if _piece(path, number).exists():
                _piece(path, number).replace(_piece(path, number + 1))
        if not _take_out(path, front):
            _add_rest(path, front, _piece(path, 1))
            os.truncate(path, 0)
    except OSError:
        fresh.unlink(missing_ok=True)
        os.truncate(path, 0)
        return False
    return True


def _piece(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}.gz")


def _front_bytes(path: Path) -> int:
    """As much of a file as can be taken out in one step: whole blocks, and not all of it."""
    size, block = path.stat().st_size, os.statvfs(path).f_bsize
    return max(0, size - 1) // block * block


def _compress(path: Path, start: int, length: int, piece: Path, mode: Literal["wb", "ab"]) -> None:
    with path.open("rb") as log, gzip.open(piece, mode, compresslevel=3) as copy:
        log.seek(start)
        while chunk := log.read(min(CHUNK_BYTES, length)):
            copy.write(chunk)
            length -= len(chunk)


def _add_rest(path: Path, start: int, piece: Path) -> None:
    """Behind what the piece has already; without room for all of it the piece stays readable."""
    before = piece.stat().st_size
    try:
        _compress(path, start, sys.maxsize, piece, "ab")
    except OSError:
        os.truncate(piece, before)
        raise


def _take_out(path: Path, front: int) -> bool:
    """Take so many bytes out of the beginning of a file, while somebody appends to it; False, and
    nothing happens, where the file system cannot.
    """
    fallocate = getattr(_libc, "fallocate64", None)
    if not front or fallocate is None:
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    with path.open("r+b") as log:
        return bool(fallocate(log.fileno(), _COLLAPSE_RANGE, 0, front) == 0)
