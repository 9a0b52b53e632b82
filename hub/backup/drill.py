"""The restore drill: a backup is restored where nobody sees it, verified, and made again by replay
from an older one. Owns no file beyond a scratch folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import peewee

from hub.backup import archive
from hub.backup.archive import DATABASE, Manifest
from hub.backup.taking import check
from hub.opening import open_beside, open_scratch
from hub.replaying.replay import Outcome, replay
from hub.verify.findings import Report


class Drilled(NamedTuple):
    """What a backup is worth."""

    manifest: Manifest
    report: Report
    replayed: Outcome

    @property
    def ok(self) -> bool:
        return self.report.ok and self.replayed.ok


def drill(file: Path, older: Path | None = None, *, scratch_in: Path | None = None) -> Drilled:
    """Restore a backup into a scratch folder, verify it, and make its books again: from an older
    backup, or from nothing. Raises NotABackup, DamagedBackup.
    """
    with tempfile.TemporaryDirectory(prefix=".binlight-drill-", dir=scratch_in) as folder:
        manifest = archive.unpack(file, Path(folder) / "restored")
        restored = Path(folder) / "restored" / DATABASE
        real = open_beside(f"sqlite:///{restored}")
        try:
            report = check(real, restored)
            return Drilled(manifest, report, _replay(real, Path(folder) / DATABASE, older))
        finally:
            real.close()


def _replay(real: peewee.Database, file: Path, older: Path | None) -> Outcome:
    if older is not None:
        archive.take_database(older, file)
    scratch = open_scratch(file)
    try:
        return replay(real, scratch)
    finally:
        scratch.close()
