"""What happens at a packing bench, as commands. All need (warehouse, pack)."""

from __future__ import annotations

from typing import Literal

from hub.command import Command, Id, command
from hub.journal import Act
from hub.warehouse import packing
from hub.warehouse.pack_task import PackTask

PACK = "warehouse.pack"


@command("packing.scan_tote", needs=PACK)
class ScanTote(Command[PackTask], frozen=True):
    """A tote comes to a bench: it begins a parcel, or joins its order's."""

    bench: str
    tote: str
    anyway: bool = False

    def carry_out(self, act: Act) -> PackTask:
        return packing.scan_tote(act, self.bench, self.tote, anyway=self.anyway)


@command("packing.verify_item", needs=PACK)
class VerifyItem(Command[PackTask], frozen=True):
    """Units of an article were seen; the last one closes the parcel unless `closes` is False."""

    parcel: Id
    code: str
    quantity: int = 1
    closes: bool = True

    def carry_out(self, act: Act) -> PackTask:
        return packing.verify_item(act, self.parcel, self.code, self.quantity, closes=self.closes)


@command("packing.close_parcel", needs=PACK)
class CloseParcel(Command[PackTask], frozen=True):
    """Close over what was verified; the rest is missing, or comes later."""

    parcel: Id
    rest: Literal["MISSING", "LATER"] = "MISSING"

    def carry_out(self, act: Act) -> PackTask:
        return packing.close_parcel(act, self.parcel, rest=self.rest)


@command("packing.start_over", needs=PACK)
class StartOver(Command[PackTask], frozen=True):
    """Verify a parcel from the first unit again."""

    parcel: Id

    def carry_out(self, act: Act) -> PackTask:
        return packing.start_over(act, self.parcel)


@command("packing.put_aside", needs=PACK)
class PutAside(Command[None], frozen=True):
    """Leave a parcel; its totes can be scanned at any bench."""

    parcel: Id

    def carry_out(self, act: Act) -> None:
        packing.put_aside(act, self.parcel)


@command("packing.report_surplus", needs=PACK)
class ReportSurplus(Command[None], frozen=True):
    """A tote holds units that no book knows of."""

    parcel: Id
    tote: str
    code: str
    quantity: int

    def carry_out(self, act: Act) -> None:
        packing.report_surplus(act, self.parcel, self.tote, self.code, self.quantity)
