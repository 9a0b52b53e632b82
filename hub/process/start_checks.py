"""What a hub is told to use and cannot: said before it starts, not in the first night.

Owns the looks at folders and interfaces that need this machine; plain values are `hub.config`'s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import structlog

from hub.config import HubConfig
from hub.errors import HubError
from hub.process import ports

_log = structlog.get_logger("hub")


class UnusableFolder(HubError):
    """Nothing can be kept there; `reason` is the system's word for why."""

    code = "UNUSABLE_FOLDER"

    def __init__(self, folder: str, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(
            f"Nothing can be kept in {folder} ({reason}). Is its disk there, and may the hub's "
            "user write to it?"
        )


def refuse_unusable(config: HubConfig, *, is_first_start: bool) -> None:
    """Raises UnusableFolder, at the first start only: later a warehouse must not stand still for a
    disk that was pulled out; then the log tells, and the night that fails. An interface that is not
    there yet is told of, and stops nothing.
    """
    if config.backup_folder:
        _look_at_backups(Path(config.backup_folder), is_first_start)
    for address in config.announce_on:
        _tell_foreign(address)


def _look_at_backups(folder: Path, is_first_start: bool) -> None:
    try:
        refuse_unwritable(folder)
    except UnusableFolder as wrong:
        if is_first_start:
            raise
        _log.error("no_backups", folder=str(folder), reason=str(wrong))


def refuse_unwritable(folder: Path) -> None:
    """Raises UnusableFolder; makes the folder, but not the one it is in, which may be a disk's."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as wrong:
        raise UnusableFolder(str(folder), wrong.strerror or repr(wrong)) from wrong


def _tell_foreign(address: str) -> None:
    try:
        ports.refuse_foreign(address)
    except ports.NotOurAddress:
        _log.warning(
            "not_announced", address=address,
            reason="this machine has no such address now; devices do not find the hub by it",
        )  # fmt: skip
