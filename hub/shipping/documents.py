"""Papers that go into a parcel: the packing slip as PDF. Owns how it looks; reads nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hub.shipping.queries import Slip, SlipLine

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "Helvetica"
_WIDTHS_MM: Final = (32, 128, 20)


def packing_slip(slip: Slip, sender: str) -> bytes:
    """One A4 slip: what is inside, what is in other parcels, what follows. No address, no price."""
    from fpdf import FPDF  # half a second and 20 MB, for whoever prints

    paper = FPDF(format="A4")
    paper.set_creation_date(_moment(slip.packed_at))
    paper.set_title(f"Packing slip {slip.parcel}")
    paper.set_auto_page_break(auto=True, margin=18)
    paper.add_page()
    _head(paper, slip, sender)
    _table(paper, "In this parcel", slip.lines)
    _table(paper, "In other parcels of this order", slip.elsewhere)
    _table(paper, "To follow as soon as it is in stock", slip.to_follow)
    return bytes(paper.output())


def _moment(at_us: int | None) -> datetime:
    return datetime.fromtimestamp((at_us or 0) / 1_000_000, UTC)


def _plain(text: str) -> str:
    """The built-in fonts know Latin-1; other letters become a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _head(paper: FPDF, slip: Slip, sender: str) -> None:
    paper.set_font(FONT, "B", 20)
    paper.cell(0, 10, "Packing slip", new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FONT, "", 11)
    order = slip.order + (f" ({slip.external_id})" if slip.external_id else "")
    for title, value in (
        ("From", sender), ("For", slip.customer), ("Order", order),
        ("Shipment", slip.shipment), ("Parcel", slip.parcel),
        ("Packed", _moment(slip.packed_at).strftime("%Y-%m-%d %H:%M UTC")),
    ):  # fmt: skip
        if value:
            paper.cell(28, 6, title)
            paper.cell(0, 6, _plain(value), new_x="LMARGIN", new_y="NEXT")
    paper.ln(4)


def _table(paper: FPDF, title: str, lines: tuple[SlipLine, ...]) -> None:
    if not lines:
        return
    paper.set_font(FONT, "B", 12)
    paper.cell(0, 9, title, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FONT, "", 10)
    with paper.table(
        col_widths=_WIDTHS_MM, text_align=("LEFT", "LEFT", "RIGHT"), line_height=6,
        borders_layout="HORIZONTAL_LINES",
    ) as table:  # fmt: skip
        table.row(("Article", "Name", "Units"))
        for line in lines:
            table.row((_plain(line.sku), _plain(line.name), str(line.quantity)))
    units = sum(line.quantity for line in lines)
    paper.cell(0, 8, f"{len(lines)} lines, {units} units", align="R", new_x="LMARGIN", new_y="NEXT")
    paper.ln(2)
