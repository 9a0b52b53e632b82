"""Folders in memory in which brokers of hubs that run as root find their files, and their end.

A hub that ends takes its own away; of one that was killed it stays, and the next hub on this
machine takes it away once that one's data are gone. Of a hub that was killed before it could say
whose the folder is, nobody knows the data: that goes when no broker lives on it and it has not been
touched for an hour. Everything in there is written at each start.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

ROOT: Final = Path("/run/binlight")
OWNER: Final = "data-folder"
"""The file that says whose it is: the hub's data folder."""
PID_FILE: Final = "mosquitto.pid"
NEW_FOR_US: Final = 3600 * 1_000_000
"""Younger than that, a folder may be one that a hub is just about to claim."""
_NAME: Final = re.compile("[0-9a-f]{16}")


def folder_of(data: Path, root: Path = ROOT) -> Path:
    """The folder of the hub with these data."""
    digest = blake2b(str(data.resolve()).encode(), digest_size=8).hexdigest()
    return root / digest


def claim(folder: Path, data: Path) -> None:
    """Write down whose it is; a folder within the hub's own data needs no owner."""
    if not folder.is_relative_to(data):
        (folder / OWNER).write_text(str(data.resolve()))


def remove(folder: Path) -> None:
    """Take a hub's own folder away; what no hub has claimed stays. Safe to repeat."""
    if (folder / OWNER).is_file():
        shutil.rmtree(folder, ignore_errors=True)


def remove_orphans(now_us: int, root: Path = ROOT) -> list[str]:
    """Take away what belongs to hubs that are gone; returns whose that was, as far as known."""
    gone = []
    for owner in sorted(root.glob(f"*/{OWNER}")):
        with suppress(OSError):
            data = owner.read_text()
            if not Path(data).exists():
                remove(owner.parent)
                gone.append(data)
    for folder in _unclaimed(root, now_us - NEW_FOR_US):
        shutil.rmtree(folder, ignore_errors=True)
        gone.append(str(folder))
    return gone


def _unclaimed(root: Path, before_us: int) -> Iterator[Path]:
    """Folders named as ours, of which nobody has said whose they are, and where nobody is."""
    for folder in sorted(root.glob("*")):
        if _NAME.fullmatch(folder.name) and not (folder / OWNER).exists():
            with suppress(OSError):
                is_old = folder.stat().st_mtime_ns // 1_000 < before_us
                if is_old and broker_pid(folder) is None:
                    yield folder


def broker_pid(folder: Path) -> int | None:
    """The process of the broker that has its files there, if it lives."""
    try:
        pid = int((folder / PID_FILE).read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if name == "mosquitto" else None
