"""What somebody may want done with shipments, as commands."""

from __future__ import annotations

from hub.command import Command, Id, command
from hub.journal import Act
from hub.orders import order_lists
from hub.shipping import queries, service

SHIP = "shipping.ship"


@command("shipping.ship")
class Ship(Command[int], frozen=True):
    """A packed shipment has left; returns its units."""

    shipment: Id

    def asked_in(self) -> str:
        return order_lists.division_of(queries.order_of(self.shipment))

    def carry_out(self, act: Act) -> int:
        return service.ship(act, self.shipment)


@command("shipping.stage", needs=SHIP)
class Stage(Command[None], frozen=True):
    """A packed shipment stands where it is fetched."""

    shipment: Id

    def asked_in(self) -> str:
        return order_lists.division_of(queries.order_of(self.shipment))

    def carry_out(self, act: Act) -> None:
        service.stage(act, self.shipment)


@command("shipping.reopen_parcel", needs="warehouse.pack")
class ReopenParcel(Command[None], frozen=True):
    """Open a closed parcel again, for a reason."""

    parcel: Id
    reason: str

    def asked_in(self) -> str:
        return order_lists.division_of(queries.order_of_parcel(self.parcel))

    def carry_out(self, act: Act) -> None:
        service.reopen_parcel(act, self.parcel, self.reason)
