"""What the guard does to the books, as commands."""

from __future__ import annotations

from hub.command import Command, command
from hub.journal import Act
from hub.security import service
from hub.security.log_tail import Mark
from hub.security_events import Sight


@command("security.read_log")
class ReadLog(Command[None], frozen=True):
    """What a log said, and how far it was read for that."""

    log: str
    head: str
    offset: int
    sights: tuple[Sight, ...]

    def carry_out(self, act: Act) -> None:
        service.read_log(act, self.log, Mark(self.head, self.offset), self.sights)


@command("security.forget_old")
class ForgetOld(Command[int], frozen=True):
    """Delete security events from before a moment; returns how many."""

    before: int

    def carry_out(self, act: Act) -> int:
        return service.forget_old(act, self.before)
