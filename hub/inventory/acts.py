"""What somebody may want done with stock and places, as commands."""

from __future__ import annotations

from typing import NamedTuple

from hub.command import Command, Id, command
from hub.inventory import service
from hub.journal import Act

ADJUST = "inventory.adjust"


class Goods(NamedTuple):
    """So many units of an article for a bin."""

    bin: str
    item: Id
    quantity: int


@command("inventory.receive")
class Receive(Command[None], frozen=True):
    """Goods came from the vendor straight into bins."""

    goods: tuple[Goods, ...]
    reason: str

    def carry_out(self, act: Act) -> None:
        company = service.site_facts(act).company
        for bin, item, quantity in self.goods:
            service.receive(act, bin, item, quantity, self.reason, company=company)


@command("inventory.set_status", needs=ADJUST)
class SetStatus(Command[None], frozen=True):
    """Free units of a balance change their status."""

    place: Id
    item: Id
    quantity: int
    before: str
    after: str
    reason: str
    lot: str = ""

    def carry_out(self, act: Act) -> None:
        service.set_status(
            act, self.place, self.item, self.quantity, self.before, self.after, self.reason,
            lot=self.lot,
        )  # fmt: skip


@command("inventory.lock_bin", needs="inventory.edit")
class LockBin(Command[None], frozen=True):
    """Lock a bin (BLOCKED_IN, BLOCKED_OUT, COUNT_LOCK), or open it again (ACTIVE)."""

    bin: str
    lock: str

    def carry_out(self, act: Act) -> None:
        if self.lock == "ACTIVE":
            service.unblock_bin(act, self.bin)
        else:
            service.block_bin(act, self.bin, self.lock)
