"""What backups and restores leave in the journal, as commands."""

from __future__ import annotations

from typing import Final, Literal

from hub.backup.models import NightlyRun
from hub.command import Command, command
from hub.db import Insert
from hub.errors import NotFound
from hub.floor_exceptions import open_exception
from hub.journal import Act
from hub.verify.findings import Finding

Kind = Literal["BACKUP", "VERIFY", "DRILL"]
_insert: Final = Insert(NightlyRun, or_ignore=True)


@command("setup.become_another")
class BecomeAnother(Command[None], frozen=True):
    """After a restore: this storage is another one than devices knew, so they send again."""

    hub_epoch: str
    backup_of: int
    """When the backup was made."""

    def carry_out(self, act: Act) -> None:
        sql = "UPDATE site SET hub_epoch = ? WHERE code = ?"
        if act.tx.run(sql, (self.hub_epoch, act.site)) != 1:
            raise NotFound("site", act.site)


@command("night.note")
class NoteNightlyRun(Command[None], frozen=True):
    """What a piece of the night's work came to; if nothing good, somebody must know."""

    kind: Kind
    day: str
    is_good: bool
    text: str = ""
    seconds: int = 0
    file: str = ""
    findings: tuple[Finding, ...] = ()
    """The first of what is off."""

    def carry_out(self, act: Act) -> None:
        act.tx.add(
            _insert,
            (act.site, self.kind, act.now_us, self.day, self.is_good, self.text, self.seconds,
             self.file),
        )  # fmt: skip
        if self.is_good:
            return
        if self.kind == "VERIFY":
            first = self.findings[0] if self.findings else Finding("", "", self.text)
            open_exception(
                act, "LEDGER_BROKEN", check=first.check, where=first.where, what=first.what,
                count=len(self.findings),
            )  # fmt: skip
        else:
            open_exception(act, "BACKUP_FAILED", step=self.kind, text=self.text)
