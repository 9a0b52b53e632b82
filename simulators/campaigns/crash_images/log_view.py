"""How much of SQLite's write-ahead log counts, told from its bytes. Owns that file format alone.

Thousands of images differ in bytes that SQLite will not look at: behind a torn frame, behind the
last commit. What it will show follows from the database file and from the log up to its last whole
commit, whose running checksum names all before it (https://www.sqlite.org/fileformat2.html, 4).
Reading that is much cheaper than opening the database.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24
SUMMED_OF_FRAME: Final = 8
"""Of a frame's header; salts and the sum itself are not summed."""
MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
"""By the order of bytes in the sums."""
MASK: Final = 0xFFFF_FFFF

Sum = tuple[int, int]


class LogEnd(NamedTuple):
    """Where the log ends for SQLite: after so many frames, with this running sum."""

    frames: int
    salts: bytes
    sum: Sum


NO_LOG: Final = LogEnd(0, b"", (0, 0))


class View(NamedTuple):
    """Two images with the same view show the same pages."""

    file_hash: int
    file_bytes: int
    log: LogEnd


class LogReader:
    """Reads logs of one recording; sums that were made once are remembered."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Sum, bytes], Sum] = {}

    def view(self, files: Mapping[str, bytes], file: str) -> View | None:
        """None where bytes alone do not tell: a rollback journal is yet to be carried out."""
        if f"{file}-journal" in files:
            return None
        content = files[file]
        return View(hash(content), len(content), self.end(files.get(f"{file}-wal", b"")))

    def end(self, log: bytes) -> LogEnd:
        """After the last frame that ends a commit and is whole, as all before it are."""
        if len(log) < HEADER_BYTES:
            return NO_LOG
        magic, _version, page_bytes = struct.unpack_from(">III", log)
        order = MAGIC.get(magic)
        running = self._summed((0, 0), log[: HEADER_BYTES - 8], order) if order else (0, 0)
        if order is None or running != struct.unpack_from(">II", log, HEADER_BYTES - 8):
            return NO_LOG
        return self._last_commit(log, order, page_bytes, running)

    def _last_commit(self, log: bytes, order: str, page_bytes: int, running: Sum) -> LogEnd:
        salts, step = log[16:24], FRAME_HEADER_BYTES + page_bytes
        end = LogEnd(0, salts, running)
        for n, at in enumerate(range(HEADER_BYTES, len(log) - step + 1, step), start=1):
            frame = log[at : at + step]
            summed = frame[:SUMMED_OF_FRAME] + frame[FRAME_HEADER_BYTES:]
            running = self._summed(running, summed, order)
            page, pages_after = struct.unpack_from(">II", frame)
            is_whole = running == struct.unpack_from(">II", frame, 16)
            if not (page and frame[8:16] == salts and is_whole):
                break
            if pages_after:
                end = LogEnd(n, salts, running)
        return end

    def _summed(self, before: Sum, content: bytes, order: str) -> Sum:
        key = (before, content)
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = _sum(before, content, order)
        return found


def _sum(before: Sum, content: bytes, order: str) -> Sum:
    first, second = before
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & MASK
        second = (second + odd + first) & MASK
    return first, second
