"""How a part of the hub ends when its disk failed. Owns the last words and the exit code."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import structlog

from hub.disk_watch import tell_when_disk_fails

_log = structlog.get_logger("hub")


def end_when_disk_fails() -> None:
    """Have this process end, whichever of its threads meets the failure.

    For parts that a supervisor starts again. Nothing is tidied up: a kill loses nothing that was
    promised, and every tidy end would write once more.
    """
    tell_when_disk_fails(_end)


def _end(wrong: BaseException) -> NoReturn:
    _log.error("database cannot be written: this process ends, another reads what is there",
               error=repr(wrong))  # fmt: skip
    sys.stderr.flush()
    os._exit(os.EX_IOERR)
