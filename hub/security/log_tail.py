"""New lines of a log that somebody else writes, from a remembered place on. Owns the reading alone.

The log is cut to nothing in place when it grows too long (`hub.process.log_files`), and may be
another file after a restore: it is known by how it begins.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Final, NamedTuple

HEAD_BYTES: Final = 64
READ_BYTES_MAX: Final = 262_144
"""In one look; the rest follows with the next."""


class Mark(NamedTuple):
    """How far a log was read."""

    head: str = ""
    offset: int = 0


def new_lines(path: Path, mark: Mark) -> tuple[list[str], Mark]:
    """Whole lines that came since, and the mark after them. A log that is not there has none."""
    try:
        with path.open("rb") as log:
            head = log.read(HEAD_BYTES).hex()
            is_same = head.startswith(mark.head) and _size(log) >= mark.offset
            start = mark.offset if is_same else 0
            log.seek(start)
            came = log.read(READ_BYTES_MAX)
    except FileNotFoundError:
        return [], Mark()
    whole = came[: came.rfind(b"\n") + 1]
    if not whole and len(came) == READ_BYTES_MAX:
        whole = came  # one endless line is passed over
    end = start + len(whole)
    return whole.decode("utf-8", "replace").splitlines(), Mark(head[: 2 * end], end)


def _size(log: IO[bytes]) -> int:
    return os.fstat(log.fileno()).st_size
