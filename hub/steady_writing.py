"""Large files written so that nobody else's flush waits for them. Owns how much may be unflushed.

Whoever commits flushes a few pages; on ext4 that flush also waits for what others have written and
not flushed yet. A backup that is flushed once, at its end, makes one commit wait for all of it.
"""

from __future__ import annotations

import os
from typing import IO, Final

UNFLUSHED_BYTES_MAX: Final = 1 << 20


class SteadyFile:
    """Flushes a file whenever so many bytes were written to it."""

    def __init__(self, fd: int) -> None:
        self._fd, self._unflushed = fd, 0

    def wrote(self, how_many: int) -> None:
        """To be called after each piece that was handed to the kernel, in bytes."""
        self._unflushed += how_many
        if self._unflushed >= UNFLUSHED_BYTES_MAX:
            os.fdatasync(self._fd)
            self._unflushed = 0


class SteadyWriter:
    """An open file for whoever only writes, such as `tarfile`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._steady = file, SteadyFile(file.fileno())

    def write(self, content: bytes) -> int:
        written = self._file.write(content)
        self._file.flush()
        self._steady.wrote(written)
        return written

    def tell(self) -> int:
        return self._file.tell()
