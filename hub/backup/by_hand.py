"""A backup made by hand is noted like a night's, so that the status page knows of it."""

from __future__ import annotations

from random import SystemRandom

from hub.backup.acts import NoteNightlyRun
from hub.backup.night import verified
from hub.backup.taking import Taken
from hub.clock import Clock
from hub.config import HubConfig
from hub.migrations import STEPS
from hub.wiring import open_journal


def note_backup(config: HubConfig, clock: Clock, taken: Taken) -> bool:
    """Tell the hub of a backup, and what was found in its books; the night's own is made none the
    less. False, and nothing is changed, when the books are of another version or another site's.
    """
    if taken.manifest.schema != len(STEPS) or not taken.manifest.hub_epoch:
        return False
    text = f"{taken.path.stat().st_size:,} bytes"
    made = NoteNightlyRun("BACKUP", "", is_good=True, text=text, file=str(taken.path))
    journal = open_journal(config, clock, SystemRandom())
    try:
        for note in (made, verified(taken.report, "")):
            journal.carry_out(note, site=config.site, via="command")
    finally:
        journal.database.close()
    return True
