"""What somebody may want done that touches several capabilities, as commands."""

from __future__ import annotations

from hub.command import Command, Id, command
from hub.desk import service
from hub.desk.service import Cancelled
from hub.journal import Act
from hub.orders import order_lists
from hub.warehouse.counts import Taken


@command("orders.cancel")
class CancelOrder(Command[Cancelled], frozen=True):
    """Cancel all that no packer has seen; what lies in totes is put back."""

    order: Id
    reason: str

    def asked_in(self) -> str:
        return order_lists.division_of(self.order)

    def carry_out(self, act: Act) -> Cancelled:
        return service.cancel_order(act, self.order, self.reason)


@command("orders.cancel_units", needs="orders.cancel")
class CancelUnits(Command[None], frozen=True):
    line: Id
    quantity: int
    reason: str

    def asked_in(self) -> str:
        return order_lists.division_of_line(self.line)

    def carry_out(self, act: Act) -> None:
        service.cancel_units(act, self.line, self.quantity, self.reason)


@command("inventory.count", needs="inventory.adjust")
class CountStock(Command[Taken], frozen=True):
    """What somebody found in one place, now or `minutes` ago."""

    balance: Id
    counted: int
    reason: str
    minutes: int = 0

    def carry_out(self, act: Act) -> Taken:
        return service.count(act, self.balance, self.counted, self.reason, self.minutes)


@command("inventory.release")
class ReleaseClaim(Command[None], frozen=True):
    """Let go of units that wait in a bin for an order; its line is open again."""

    claim: Id

    def carry_out(self, act: Act) -> None:
        service.release_claim(act, self.claim)
