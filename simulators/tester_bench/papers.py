"""The printer's tray: labels that a tester had printed, and slips of parcels as they are closed.

There is no printer driver in this version: what lies here are the hub's own PDFs, and nothing else.
Owns the order, newest first, and who had each printed.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from hub.bulk.labels import Label as PaperLabel
from hub.bulk.labels import labels_pdf
from hub.db import fetch
from hub.journal import Journal
from hub.shipping.documents import packing_slip
from hub.shipping.queries import slip
from protocols.barcodes import check_digits
from simulators.errors import SimulatorsError
from simulators.tester_bench.labels import Label

SHOWN: Final = 12
PRINTABLE: Final = ("badge", "bin", "tote")
"""Of these the hub prints labels; articles come with theirs."""
TESTER: Final = "the tester"


class NotPrintable(SimulatorsError):
    """A label that the hub does not make."""

    code = "NOT_PRINTABLE"

    def __init__(self, code: str) -> None:
        self.label = code
        super().__init__(
            f"The hub prints no label with {code!r}: only badges, bins and totes are its own."
        )


class Paper(msgspec.Struct, frozen=True):
    """One paper. `code` is what a scanner reads on it; a slip has none."""

    kind: Literal["label", "slip"]
    id: str
    title: str
    who: str
    at: int
    """Microseconds UTC, by the hub's clock."""
    code: str = ""


class Tray:
    """What a tester had printed on this bench."""

    def __init__(self) -> None:
        self._labels: list[Paper] = []

    def put(self, label: Label, now_us: int) -> None:
        """Print a label. Raises NotPrintable."""
        refuse_foreign(label)
        paper = Paper("label", label.code, label.title, TESTER, now_us, label.code)
        self._labels = [paper, *self._labels][:SHOWN]

    def newest(self, journal: Journal, site: str) -> list[Paper]:
        """Labels and slips together."""
        return sorted([*self._labels, *_slips(journal, site)], key=_when, reverse=True)[:SHOWN]


def _when(paper: Paper) -> int:
    return paper.at


def _slips(journal: Journal, site: str) -> list[Paper]:
    """Of the newest closed parcels."""
    rows = fetch(
        journal.database,
        "SELECT p.id, p.number, s.number, w.name, p.closed_at FROM parcel p "
        "JOIN shipment s ON s.id = p.shipment LEFT JOIN person w ON w.id = p.packed_by "
        "WHERE s.site = ? AND p.state NOT IN ('OPEN', 'VOID') ORDER BY p.closed_at DESC LIMIT ?",
        (site, SHOWN),
    )
    return [
        Paper("slip", bytes(id).hex(), f"{parcel} of {shipment}", who or "", at or 0)
        for id, parcel, shipment, who, at in rows
    ]


def slip_pdf(parcel: str, site: str) -> bytes:
    """The slip of one parcel. Raises NotFound."""
    return packing_slip(slip(site, bytes.fromhex(parcel)), site)


def label_pdf(label: Label) -> bytes:
    """One label of ours on a sheet. Raises NotPrintable."""
    refuse_foreign(label)
    code = label.code[2:].rpartition(".")[0]
    return labels_pdf([PaperLabel(label.code, label.title, check_digits(code), label.note)])


def refuse_foreign(label: Label) -> None:
    """Raises NotPrintable."""
    if label.kind not in PRINTABLE:
        raise NotPrintable(label.code)
