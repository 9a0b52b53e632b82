"""What somebody may want done with articles and their barcodes, as commands."""

from __future__ import annotations

from hub.catalog import service
from hub.command import Command, Id, command
from hub.journal import Act

EDIT = "catalog.edit"


@command("catalog.save_item", needs=EDIT)
class SaveItem(Command[bytes], frozen=True):
    """Make an article or bring it up to date; what is None stays. Returns its id."""

    company: str
    sku: str
    name: str
    price_micros: int | None = None
    status: str | None = None
    weight_g: int | None = None
    volume_ml: int | None = None
    version: int | None = None
    """Refused when somebody else saved it since this version was read."""

    def carry_out(self, act: Act) -> bytes:
        return service.save_item(
            act, self.company, self.sku, self.name, price_micros=self.price_micros,
            status=self.status, weight_g=self.weight_g, volume_ml=self.volume_ml,
            version=self.version,
        )  # fmt: skip


@command("catalog.save_barcode", needs=EDIT)
class SaveBarcode(Command[None], frozen=True):
    """Let a barcode mean so many units of an article."""

    company: str
    code: str
    item: Id
    unit: str = "each"
    quantity: int = 1

    def carry_out(self, act: Act) -> None:
        service.save_barcode(
            act, self.company, self.code, self.item, unit=self.unit, quantity=self.quantity
        )


@command("catalog.remove_barcode", needs=EDIT)
class RemoveBarcode(Command[None], frozen=True):
    company: str
    code: str

    def carry_out(self, act: Act) -> None:
        service.remove_barcode(act, self.company, self.code)
