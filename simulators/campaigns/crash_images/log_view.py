"""What SQLite will show of a database and its write-ahead log, told from their bytes.

Owns that file format alone. Thousands of images differ in bytes that SQLite will not look at:
behind a torn frame, behind the last commit, or in a page that a checkpoint has half written and the
log holds anew. Its pages are those of the file, and over them those of the log up to its last whole
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
FILE_HEADER_BYTES: Final = 100
PAGE_BYTES_MAX: Final = 65_536
"""Written as 1, for the first page has two bytes for it."""

Sum = tuple[int, int]


class LogEnd(NamedTuple):
    """Where the log ends for SQLite: after so many frames, with this running sum."""

    frames: int
    pages: int
    """Of the whole database, by the last commit."""
    salts: bytes
    sum: Sum


NO_LOG: Final = LogEnd(0, 0, b"", (0, 0))


class View(NamedTuple):
    """Two images with the same view show the same pages."""

    file_hash: int
    file_bytes: int
    log: LogEnd


class Reached(NamedTuple):
    """How far the reading of a log has come, after each of its frames."""

    sum: Sum
    end: LogEnd


class LogReader:
    """Reads logs of one recording. They grow, so what was read of the last one is remembered."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Sum, bytes], Sum] = {}
        self._log = b""
        self._reached: list[Reached] = []

    def view(self, files: Mapping[str, bytes], file: str) -> View | None:
        """None where bytes alone do not tell: a rollback journal is yet to be carried out."""
        if f"{file}-journal" in files:
            return None
        content = files[file]
        return View(hash(content), len(content), self.end(_log_of(files, file)))

    def shown(self, files: Mapping[str, bytes], file: str) -> bytes:
        """Every page as SQLite will show it; nothing for a database without one.

        Of a file that is no database it says something that no database shows.
        """
        content, log = files[file], _log_of(files, file)
        if not content:
            return b""  # a log without a database is thrown away
        end = self.end(log)
        pages = _overlaid(content, log, end) if end.frames else content
        page_bytes = _page_bytes(pages)
        return pages.ljust(-(-len(pages) // page_bytes) * page_bytes, b"\0")[: _length(pages)]

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
        reached = self._read_before(log, step) or [Reached(running, LogEnd(0, 0, salts, running))]
        running, end = reached[-1]
        for at in range(HEADER_BYTES + (len(reached) - 1) * step, len(log) - step + 1, step):
            frame = log[at : at + step]
            summed = frame[:SUMMED_OF_FRAME] + frame[FRAME_HEADER_BYTES:]
            running = self._summed(running, summed, order)
            page, pages_after = struct.unpack_from(">II", frame)
            is_whole = running == struct.unpack_from(">II", frame, 16)
            if not (page and frame[8:16] == salts and is_whole):
                break
            if pages_after:
                end = LogEnd(len(reached), pages_after, salts, running)
            reached.append(Reached(running, end))
        self._log, self._reached = log, reached
        return end

    def _read_before(self, log: bytes, step: int) -> list[Reached]:
        """What was reached by the frames that this log has in common with the last one."""
        if log[:HEADER_BYTES] != self._log[:HEADER_BYTES]:
            return []
        common, at = 1, HEADER_BYTES
        while common < len(self._reached) and log[at : at + step] == self._log[at : at + step]:
            common, at = common + 1, at + step
        return self._reached[:common]

    def _summed(self, before: Sum, content: bytes, order: str) -> Sum:
        key = (before, content)
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = _sum(before, content, order)
        return found


def _sum(before: Sum, content: bytes, order: str) -> Sum:
    first, second = before
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for even, odd in zip(words, words, strict=True):
        first = (first + even + second) & MASK
        second = (second + odd + first) & MASK
    return first, second


def _log_of(files: Mapping[str, bytes], file: str) -> bytes:
    return files.get(f"{file}-wal", b"")


def _overlaid(content: bytes, log: bytes, end: LogEnd) -> bytes:
    (page_bytes,) = struct.unpack_from(">I", log, 8)
    length, step = end.pages * page_bytes, FRAME_HEADER_BYTES + page_bytes
    pages = bytearray(content[:length].ljust(length, b"\0"))
    for at in range(HEADER_BYTES, HEADER_BYTES + end.frames * step, step):
        (page,) = struct.unpack_from(">I", log, at)
        if page <= end.pages:
            place = (page - 1) * page_bytes
            pages[place : place + page_bytes] = log[at + FRAME_HEADER_BYTES : at + step]
    return bytes(pages)


def _page_bytes(pages: bytes) -> int:
    """By the first page; 1 where there is none."""
    found = int.from_bytes(pages[16:18])
    return PAGE_BYTES_MAX if found == 1 else max(1, found)


def _length(pages: bytes) -> int | None:
    """By the first page, if whoever wrote last kept the number there: even behind a log, whose
    commits say another one only when something that was flushed has been lost.
    """
    if len(pages) < FILE_HEADER_BYTES:
        return None
    changes, count = struct.unpack_from(">II", pages, 24)
    (valid_for,) = struct.unpack_from(">I", pages, 92)
    return count * _page_bytes(pages) if count and changes == valid_for else None
