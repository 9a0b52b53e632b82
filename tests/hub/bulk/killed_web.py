"""The hub's pages in a process of their own: somebody uploads a file, and signal 9 ends the process
at a chosen point of its import. What the process would still do is never done.

Arguments: the hub's folder, file to upload, point (reading, staging, inside, between), how often it
passes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.app import app_of
from hub.bulk import engine
from hub.bulk.kinds import order_entries
from hub.bulk.kinds.orders import OrderFile
from hub.bulk.web import JOBS
from hub.config import HubConfig
from tests.hub.web.browsing import Browser


def dying_after(passes: int, do: Callable[..., Any], *, is_before: bool) -> Callable[..., Any]:
    """`do`, but the process ends when that many calls of it have passed."""
    left = [passes]

    def asked(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if is_before and left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        found = do(*args, **kwargs)
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return asked


def arm(point: str, passes: int) -> None:
    """Once it is read, while it is staged, in a slice before its commit, or between two slices."""
    order_entries.ROW_UNITS_IN_SLICE = 20  # type: ignore[misc]
    engine.STAGED_AT_ONCE = 2  # type: ignore[misc]
    owner, name, is_before = {
        "reading": (OrderFile, "read", False),
        "staging": (engine, "_keep", True),
        "inside": (OrderFile, "post", False),
        "between": (engine, "_post_one", True),
    }[point]
    setattr(owner, name, dying_after(passes, getattr(owner, name), is_before=is_before))


def main(folder: str, file: str, point: str, passes: str) -> None:
    arm(point, int(passes))
    app = app_of(HubConfig(folder=folder))
    office = Browser(app)
    office.log_in("office")
    office.get("/import")
    with Path(file).open("rb") as rows:
        sent = {"kind": "orders", "what": "take", "file": (rows, "a.csv")}
        answer = office.post("/import", sent, content_type="multipart/form-data")
    sys.stdout.write(answer.location + "\n")
    sys.stdout.flush()
    app.extensions[JOBS].job(answer.location.rpartition("/")[2]).over.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
