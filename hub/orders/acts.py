"""What somebody may want done with orders, as commands; cancelling is in `hub.desk.acts`."""

from __future__ import annotations

from hub.command import Command, Id, command
from hub.journal import Act
from hub.orders import order_lists, service
from hub.orders.placing import NewOrder


@command("orders.place")
class PlaceOrder(Command[bytes], frozen=True):
    """Take an order in; returns its id."""

    order: NewOrder

    def asked_in(self) -> str:
        return self.order.division

    def carry_out(self, act: Act) -> bytes:
        return service.place(act, self.order)


@command("orders.hold")
class HoldOrder(Command[bytes], frozen=True):
    """Let an order wait, for one reason more; returns the hold's id."""

    order: Id
    reason: str
    note: str = ""

    def asked_in(self) -> str:
        return order_lists.division_of(self.order)

    def carry_out(self, act: Act) -> bytes:
        return service.hold(act, self.order, self.reason, self.note)


@command("orders.release_hold", needs="orders.hold")
class ReleaseHold(Command[bool], frozen=True):
    """Lift one hold; True when the order goes on, since it was the last."""

    hold: Id

    def asked_in(self) -> str:
        return order_lists.division_of_hold(self.hold)

    def carry_out(self, act: Act) -> bool:
        return service.release_hold(act, self.hold)


@command("orders.set_priority", needs="orders.edit")
class SetPriority(Command[None], frozen=True):
    order: Id
    priority: int

    def asked_in(self) -> str:
        return order_lists.division_of(self.order)

    def carry_out(self, act: Act) -> None:
        service.set_priority(act, self.order, self.priority)
