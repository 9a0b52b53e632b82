"""What a printer would print now: labels on a sheet, slips of closed parcels. Both are the hub's.

There is no printer driver in this version; the papers are the hub's own PDFs, and nothing else.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hub.bulk.labels import Label as PaperLabel
from hub.bulk.labels import labels_pdf
from hub.db import fetch
from hub.journal import Journal
from hub.shipping.documents import packing_slip
from hub.shipping.queries import slip
from protocols.barcodes import check_digits
from simulators.tester_bench.labels import Label

SHOWN: Final = 12
PRINTABLE: Final = ("badge", "bin", "tote")
"""Of these the hub prints labels; articles come with theirs."""


class Paper(msgspec.Struct, frozen=True):
    """A parcel whose slip can be printed."""

    id: str
    title: str


def slips(journal: Journal, site: str) -> list[Paper]:
    """The newest closed parcels."""
    rows = fetch(
        journal.database,
        "SELECT p.id, p.number, s.number FROM parcel p JOIN shipment s ON s.id = p.shipment "
        "WHERE s.site = ? AND p.state NOT IN ('OPEN', 'VOID') ORDER BY p.closed_at DESC LIMIT ?",
        (site, SHOWN),
    )
    return [Paper(bytes(id).hex(), f"{parcel} of {shipment}") for id, parcel, shipment in rows]


def slip_pdf(parcel: str, sender: str) -> bytes:
    """The slip of one parcel. Raises NotFound."""
    return packing_slip(slip(bytes.fromhex(parcel)), sender)


def label_pdf(label: Label) -> bytes:
    """One label of ours on a sheet."""
    code = label.code[2:].rpartition(".")[0]
    return labels_pdf([PaperLabel(label.code, label.title, check_digits(code), label.note)])
