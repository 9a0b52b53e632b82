"""The night's work: a backup, what is true of it, old ones removed, and once a week a drill.

Runs in a process of its own, at low priority (`watch` starts it), so that no wave waits for it.
What it came to is kept in `nightly_run`; nothing good opens an exception.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Final, NoReturn

import msgspec
import structlog

from hub.backup import archive
from hub.backup.acts import Kind, NoteNightlyRun
from hub.backup.drill import drill
from hub.backup.queries import last, local_time
from hub.backup.rules import Made, superfluous
from hub.backup.taking import SUFFIX, Taken, take
from hub.clock import Clock, SystemClock
from hub.config import HubConfig
from hub.identity.private_files import make_private_folder
from hub.journal import Journal
from hub.process.supervise import die_with_parent
from hub.verify.command import verify
from hub.verify.findings import Report
from hub.wiring import open_journal

FOLDER: Final = "backups"
"""Below the data folder, unless the configuration names another: better on another disk."""
DRILL_EVERY_US: Final = 7 * 24 * 3600 * 1_000_000
LEFT_FOR_US: Final = 24 * 3600 * 1_000_000
FINDINGS_KEPT: Final = 20
NICENESS: Final = 10
_log = structlog.get_logger("night")


def backup_folder(config: HubConfig) -> Path:
    """Where the nightly backups are."""
    return Path(config.backup_folder) if config.backup_folder else config.data / FOLDER


class Night:
    """One night's work of one hub."""

    def __init__(self, config: HubConfig, journal: Journal) -> None:
        self._config, self._journal, self._clock = config, journal, journal.clock
        now = local_time(journal.database, config.site, self._clock.now_us())
        self._day = now.date().isoformat()
        self._is_true = True

    def run(self) -> bool:
        """All of it; True when everything is good. Never raises what a part of it raises."""
        if not self._config.is_sqlite:
            return self._do("VERIFY", self._verify_in_place)
        is_good = self._do("BACKUP", self._back_up) and self._is_true
        if is_good and self._is_drill_due():
            is_good = self._do("DRILL", self._drill)
        return is_good

    def _do(self, kind: Kind, work: Callable[[], NoteNightlyRun]) -> bool:
        began_ms = self._clock.mono_ms()
        try:
            note = work()
        except Exception as wrong:  # noqa: BLE001 - an outermost loop: somebody must know of it
            _log.error("failed", kind=kind, exc_info=wrong)
            note = NoteNightlyRun(kind, self._day, is_good=False, text=str(wrong))
        seconds = (self._clock.mono_ms() - began_ms) // 1_000
        note = msgspec.structs.replace(note, seconds=seconds)
        self._journal.carry_out(note, site=self._config.site, via="timer")
        _log.info("done", kind=kind, is_good=note.is_good, text=note.text, seconds=seconds)
        return note.is_good

    # ── its parts ────────────────────────────────────────────────────────────────────────

    def _back_up(self) -> NoteNightlyRun:
        folder = backup_folder(self._config)
        make_private_folder(folder)
        remove_leftovers(folder, self._clock.now_us() - LEFT_FOR_US)
        made = sorted(made_in(folder, self._config.site), key=_by_time, reverse=True)
        earlier = [folder / one.name for one in made]
        taken = take(self._config, folder, self._clock.now_us(), earlier=earlier)
        self._note_truth(taken)
        for name in superfluous(made_in(folder, self._config.site)):
            (folder / name).unlink(missing_ok=True)
        text = f"{taken.path.stat().st_size:,} bytes"
        if taken.damaged:
            text += f", but damaged on the disk: {', '.join(taken.damaged)}"
        return NoteNightlyRun(
            "BACKUP", self._day, is_good=not taken.damaged, text=text, file=str(taken.path)
        )

    def _note_truth(self, taken: Taken) -> None:
        """The copy was verified, which tells as much as verifying the hub's own file."""
        self._is_true = taken.report.ok
        note = verified(taken.report, self._day)
        self._journal.carry_out(note, site=self._config.site, via="timer")

    def _verify_in_place(self) -> NoteNightlyRun:
        return verified(verify(self._journal.database), self._day)

    def _is_drill_due(self) -> bool:
        found = last(self._journal.database, self._config.site, "DRILL")
        return found is None or found.at <= self._clock.now_us() - DRILL_EVERY_US

    def _drill(self) -> NoteNightlyRun:
        """The newest backup, made again from the one before it."""
        folder = backup_folder(self._config)
        newest, *older = sorted(made_in(folder, self._config.site), reverse=True, key=_by_time)
        before = folder / older[0].name if older else None
        done = drill(folder / newest.name, before, scratch_in=folder)
        wrong = done.replayed.difference
        text = f"{done.replayed.acts:,} acts came out the same" if wrong is None else wrong.what
        findings = tuple(done.report.findings[:FINDINGS_KEPT])
        return NoteNightlyRun(
            "DRILL", self._day, is_good=done.ok, text=text, file=newest.name, findings=findings
        )


def verified(report: Report, day: str) -> NoteNightlyRun:
    """A verification, as what a night notes of it."""
    rows = sum(report.checked.values())
    text = f"{rows:,} rows are true" if report.ok else report.findings[0].what
    return NoteNightlyRun(
        "VERIFY", day, is_good=report.ok, text=text,
        findings=tuple(report.findings[:FINDINGS_KEPT]),
    )  # fmt: skip


def made_in(folder: Path, site: str) -> list[Made]:
    """The backups of a site in a folder; what is none is left alone."""
    found: list[Made] = []
    for path in folder.glob(f"binlight-{site}-*{SUFFIX}"):
        try:
            manifest = archive.read_manifest(path)
        except archive.NotABackup:
            continue
        at = datetime.fromtimestamp(manifest.made_at / 1_000_000, UTC)
        found.append(Made(path.name, at, manifest.is_true))
    return found


def remove_leftovers(folder: Path, before_us: int) -> None:
    """Remove what backups and drills left there when they were killed, each as large as the books;
    what is younger may be somebody's work.
    """
    for path in folder.glob(".binlight-*"):
        if path.stat().st_mtime_ns // 1_000 >= before_us:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _by_time(made: Made) -> datetime:
    return made.at


def run_night(config: HubConfig, clock: Clock) -> bool:
    """Open what it needs, work, and close it again."""
    journal = open_journal(config, clock, SystemRandom())
    try:
        return Night(config, journal).run()
    finally:
        journal.database.close()


def _stop(_signal: int, _frame: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def main() -> None:
    """A process of its own: the configuration comes in on the standard input.

    A stop of the hub ends it wherever it is; what it has half written is taken away first.
    """
    die_with_parent()
    signal.signal(signal.SIGTERM, _stop)
    os.nice(NICENESS)
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=HubConfig)
    sys.exit(0 if run_night(config, SystemClock()) else 1)


if __name__ == "__main__":
    main()
