"""New lines of a log that somebody else writes, from a remembered place on. Owns the reading alone.

When the log grows too long its front becomes a piece beside it (`hub.process.log_files`); what of
that had not been read is read there first. It may be another log after a restore. A log, or a piece
of it, is known by how it begins.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from bisect import bisect_left
from contextlib import ExitStack
from os import SEEK_END
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

from hub.process.log_files import pieces

HEAD_BYTES: Final = 64
READ_BYTES_MAX: Final = 262_144
"""In one look; the rest follows with the next."""


class Mark(NamedTuple):
    """How far a log was read."""

    head: str = ""
    """How the piece begins in which reading ended, as hexadecimal digits."""
    offset: int = 0


class _Piece(NamedTuple):
    """A part of the log that has something unread: the log itself, or what was its front."""

    content: IO[bytes]
    head: str
    start: int = 0


def new_lines(path: Path, mark: Mark) -> tuple[list[str], Mark]:
    """Whole lines that came since, and the mark after them. A log that is not there has none."""
    with ExitStack() as opened:
        try:
            unread = _unread(path, mark, opened)
        except FileNotFoundError:
            return [], Mark()
        came, begins = _read(unread)
    whole = came[: came.rfind(b"\n") + 1]
    if not whole and len(came) == READ_BYTES_MAX:
        whole = came  # one endless line is passed over
    mark = _mark(unread, begins, len(whole))
    return whole.decode("utf-8", "replace").splitlines(), mark


def _unread(path: Path, mark: Mark, opened: ExitStack) -> list[_Piece]:
    """From the part in which reading ended, to the log as it is now."""
    log = opened.enter_context(path.open("rb"))
    now = _Piece(log, log.read(HEAD_BYTES).hex())
    if now.head.startswith(mark.head) and path.stat().st_size >= mark.offset:
        return [now._replace(start=mark.offset)]
    later = [now]
    for piece in pieces(path) if mark.head else []:
        older = gzip.open(piece)  # noqa: SIM115 - the stack closes it
        content = cast("IO[bytes]", opened.enter_context(older))
        found = _Piece(content, _bytes_at(content, 0, HEAD_BYTES).hex())
        if found.head.startswith(mark.head):
            return _from(mark.offset, [found, *later])
        later.insert(0, found)
    return [now]


def _from(offset: int, parts: list[_Piece]) -> list[_Piece]:
    """The parts from a place on, counted from where the first begins.

    A piece ends with a block, and reading may have been further: that stands in the next part now.
    """
    first, *later = parts
    length = _length(first.content)
    if later and offset > length:
        return _from(offset - length, later)
    return [first._replace(start=offset), *later]


def _length(content: IO[bytes]) -> int:
    """Of a piece that ends too early, because the disk was full: nobody knows, so no end."""
    try:
        return content.seek(0, SEEK_END)
    except (EOFError, OSError, zlib.error):
        return sys.maxsize


def _read(unread: list[_Piece]) -> tuple[bytes, list[int]]:
    """What is in them, one after the other, and where in that each of them begins."""
    came, begins = b"", []
    for piece in unread:
        begins.append(len(came))
        came += _bytes_at(piece.content, piece.start, READ_BYTES_MAX - len(came))
    return came, begins


def _bytes_at(content: IO[bytes], start: int, length: int) -> bytes:
    """Of a piece that ends too early, because the disk was full: nothing."""
    try:
        content.seek(start)
        return content.read(length)
    except (EOFError, OSError, zlib.error):
        return b""


def _mark(unread: list[_Piece], begins: list[int], end: int) -> Mark:
    """The place at `end` of what was read. Between two pieces it is in the older one."""
    index = max(0, bisect_left(begins, end) - 1)
    piece = unread[index]
    offset = piece.start + end - begins[index]
    return Mark(piece.head[: 2 * offset], offset)
