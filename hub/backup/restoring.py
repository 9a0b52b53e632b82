"""Putting a backup in place of a hub that was lost. Owns what is done so that devices bring back
what they know: the restored hub is another storage to them (a new hub epoch).

Nothing is overwritten: a folder that holds something is kept beside. The new one appears whole, by
one rename.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from hub.backup import archive, rights_since
from hub.backup.acts import BecomeAnother
from hub.backup.archive import DATABASE, Manifest
from hub.backup.rights_since import NOTHING_KNOWN, AskReview
from hub.backup.shut_out import KeepShutOut, Seen, look
from hub.backup.taking import check
from hub.clock import Clock
from hub.command import Command
from hub.errors import HubError
from hub.identity.private_files import sync_folder
from hub.journal import Journal
from hub.migrations import migrate
from hub.opening import open_database
from hub.process.lock import data_lock
from hub.staff import administrators
from hub.staff.reviewing import ChangedRight
from hub.verify.findings import Report
from protocols.limits import OUTBOX_KEEP_DAYS

KEPT_US: Final = OUTBOX_KEEP_DAYS * 24 * 3600 * 1_000_000
"""How long devices keep what a hub has acknowledged."""
LOCKS: Final = "*.lock"
NOTHING_SEEN: Final = Seen(KeepShutOut(), is_whole=False)


class FolderInUse(HubError):
    """There is something where the hub is to be restored."""

    code = "FOLDER_IN_USE"

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} is not empty. With --force what is there is kept beside it, under another "
            "name."
        )


class Restored(NamedTuple):
    """What a restore came to."""

    manifest: Manifest
    report: Report
    kept_beside: Path | None
    """Where the former folder is now."""
    age_us: int
    kept_out: Seen
    """Who was shut out since, as far as the former folder could tell."""
    rights: tuple[ChangedRight, ...]
    """What came back, or went, of rights."""
    has_administrator: bool
    """Whether anybody can get in who may give every right."""

    @property
    def is_within_devices_memory(self) -> bool:
        """Whether devices still have everything that they did since the backup."""
        return self.age_us < KEPT_US


def restore(
    file: Path, folder: Path, clock: Clock, random: Random, *, force: bool = False
) -> Restored:
    """Make `folder` the hub that a backup is of, and verify it.

    Raises SecondHub while a hub works there, FolderInUse, NotABackup, DamagedBackup.
    """
    manifest = archive.read_manifest(file)
    with ExitStack() as held:
        if folder.exists():
            for name in ("hub", f"gateway-{manifest.site}"):
                held.enter_context(data_lock(folder, name))
        is_used = _holds_something(folder)
        if is_used and not force:
            raise FolderInUse(str(folder))
        fresh = _beside(folder, f"restoring-{clock.now_us()}")
        try:
            archive.unpack(file, fresh)
            seen = look(folder, fresh, manifest.site) if is_used else NOTHING_SEEN
            rights = rights_since.look(folder, fresh) if seen.is_whole else NOTHING_KNOWN
            begun = _begin_anew(fresh, manifest, clock, random, (seen.out, AskReview(rights)))
            kept = _set_aside(folder, clock.now_us()) if is_used else None
            _place(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    age_us = max(0, clock.now_us() - manifest.made_at)
    return Restored(manifest, begun.report, kept, age_us, seen, rights, begun.has_administrator)


def _holds_something(folder: Path) -> bool:
    if not folder.exists():
        return False
    locks = set(folder.glob(LOCKS))
    return any(path not in locks for path in folder.iterdir())


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f"{folder.name}.{word}")


def _place(folder: Path, fresh: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)  # nothing but locks is in it
    fresh.rename(folder)
    sync_folder(folder.parent)


def _set_aside(folder: Path, now_us: int) -> Path:
    return folder.rename(_beside(folder, f"before-{now_us // 1_000_000}"))


class _Begun(NamedTuple):
    report: Report
    has_administrator: bool


def _begin_anew(
    folder: Path, manifest: Manifest, clock: Clock, random: Random,
    commands: tuple[Command[None], ...],
) -> _Begun:  # fmt: skip
    """The newest schema, another hub epoch, who stays out, and a look at everything."""
    file = folder / DATABASE
    database = open_database(f"sqlite:///{file}")
    try:
        migrate(database)
        journal = Journal(database, clock, random)
        become_another(journal, manifest.site, manifest.made_at)
        for command in commands:
            journal.carry_out(command, site=manifest.site, via="setup")
        admins = journal.beside(
            lambda act: administrators.who(act, manifest.company), site=manifest.site
        )
        return _Begun(check(database, file), bool(admins))
    finally:
        database.close()


def become_another(journal: Journal, site: str, backup_of: int) -> str:
    """Say that this storage is another one than devices knew; returns its hub epoch."""
    epoch = journal.random.randbytes(16).hex()
    journal.carry_out(BecomeAnother(epoch, backup_of), site=site, via="setup")
    return epoch
