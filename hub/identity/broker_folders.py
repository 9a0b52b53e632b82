"""Folders in memory in which brokers of hubs that run as root find their files, and their end.

A hub that ends takes its own away; of one that was killed it stays, and the next hub on this
machine takes it away once that one's data are gone. Everything in there is written at each start.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

ROOT: Final = Path("/run/binlight")
OWNER: Final = "data-folder"
"""The file that says whose it is: the hub's data folder."""


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


def remove_orphans(root: Path = ROOT) -> list[str]:
    """Take away what belongs to hubs whose data are gone; returns whose that was."""
    gone = []
    for owner in sorted(root.glob(f"*/{OWNER}")):
        with suppress(OSError):
            data = owner.read_text()
            if not Path(data).exists():
                remove(owner.parent)
                gone.append(data)
    return gone
