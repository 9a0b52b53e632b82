"""What happens at a packing bench, as commands. All need (warehouse, pack), in the division of the
order that is packed; of a tote that comes to the bench, whoever asks finds it out
(`packing.order_of_tote`), since its command does not say at which site.
"""

from __future__ import annotations

from typing import Generic, Literal

from hub.command import Command, Id, R_co, command
from hub.journal import Act
from hub.orders import order_lists
from hub.shipping import queries as shipping
from hub.warehouse import packing
from hub.warehouse.pack_task import PackTask

PACK = "warehouse.pack"


class OfParcel(Command[R_co], Generic[R_co], frozen=True):
    """Root of what is done to a parcel that was begun."""

    parcel: Id

    def asked_in(self) -> str:
        return order_lists.division_of(shipping.order_of_parcel(self.parcel))


@command("packing.scan_tote", needs=PACK)
class ScanTote(Command[PackTask], frozen=True):
    """A tote comes to a bench: it begins a parcel, or joins its order's."""

    bench: str
    tote: str
    anyway: bool = False

    def carry_out(self, act: Act) -> PackTask:
        return packing.scan_tote(act, self.bench, self.tote, anyway=self.anyway)


@command("packing.verify_item", needs=PACK)
class VerifyItem(OfParcel[PackTask], frozen=True):
    """Units of an article were seen; the last one closes the parcel unless `closes` is False."""

    code: str
    quantity: int = 1
    closes: bool = True

    def carry_out(self, act: Act) -> PackTask:
        return packing.verify_item(act, self.parcel, self.code, self.quantity, closes=self.closes)


@command("packing.close_parcel", needs=PACK)
class CloseParcel(OfParcel[PackTask], frozen=True):
    """Close over what was verified; the rest is missing, or comes later."""

    rest: Literal["MISSING", "LATER"] = "MISSING"

    def carry_out(self, act: Act) -> PackTask:
        return packing.close_parcel(act, self.parcel, rest=self.rest)


@command("packing.start_over", needs=PACK)
class StartOver(OfParcel[PackTask], frozen=True):
    """Verify a parcel from the first unit again."""

    def carry_out(self, act: Act) -> PackTask:
        return packing.start_over(act, self.parcel)


@command("packing.put_aside", needs=PACK)
class PutAside(OfParcel[None], frozen=True):
    """Leave a parcel; its totes can be scanned at any bench."""

    def carry_out(self, act: Act) -> None:
        packing.put_aside(act, self.parcel)


@command("packing.report_surplus", needs=PACK)
class ReportSurplus(OfParcel[None], frozen=True):
    """A tote holds units that no book knows of."""

    tote: str
    code: str
    quantity: int

    def carry_out(self, act: Act) -> None:
        packing.report_surplus(act, self.parcel, self.tote, self.code, self.quantity)
