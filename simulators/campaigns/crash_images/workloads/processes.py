"""How one recorded process follows another, as after a crash: what was open is not tidied up."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn


def go_on_if_allowed(folder: str, said: str, options: dict[str, Any]) -> None:
    """The same once more, as a supervisor tries it, while `restarts` allow one."""
    if options.get("restarts"):
        go_on(folder, said, {**options, "restarts": options["restarts"] - 1})


def go_on(folder: str, said: str, options: dict[str, Any]) -> NoReturn:
    """The same workload with other options, in place of this process."""
    module = sys.modules["__main__"].__spec__
    assert module is not None  # noqa: S101 - a workload is started by its module's name
    command = [sys.executable, "-m", module.name, folder, said, json.dumps(options)]
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and our own arguments
