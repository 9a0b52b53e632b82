"""A customer's number in staged files, and how another word takes its place.

A replay posts the same slices, so the word is one for each customer and the same in all of them:
orders find their customer by it as they did by the number.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import msgspec

from hub.bulk.kinds import order_entries as entries
from hub.bulk.kinds.order_entries import CreditEntry, CustomerEntry, OrderEntry
from hub.bulk.models import ImportRun, ImportSlice
from hub.journal import Act

SLICES_IN_ACT: Final = 4
"""Some 5 ms each."""
WITH_CUSTOMERS: Final = "orders"
"""The kind of file whose slices are `order_entries`."""


def slices_with(company: str, external_id: str) -> Iterator[tuple[bytes, list[int]]]:
    """(run, numbers of some of its slices) that name a customer. Reads every staged file."""
    rows = (
        ImportSlice.select(ImportSlice.run, ImportSlice.n, ImportSlice.entries)
        .join(ImportRun, on=(ImportRun.id == ImportSlice.run))
        .where(ImportRun.company == company, ImportRun.kind == WITH_CUSTOMERS)
        .order_by(ImportSlice.run, ImportSlice.n)
        .tuples()
        .iterator()
    )
    wanted = external_id.encode()
    found = [(run, n) for run, n, packed in rows if wanted in zlib.decompress(bytes(packed))]
    for run, some in groupby(found, key=lambda pair: pair[0]):
        numbers = [n for _, n in some]
        for start in range(0, len(numbers), SLICES_IN_ACT):
            yield bytes(run), numbers[start : start + SLICES_IN_ACT]


def forget_in_slices(act: Act, run: bytes, numbers: Sequence[int], customer: bytes) -> None:
    """Put a word that means nobody in the place of a customer's number. Safe to repeat."""
    row = act.tx.row("SELECT external_id FROM customer WHERE id = ?", (customer,))
    if row is None or row[0] is None:
        return
    for n in numbers:
        found = act.tx.row("SELECT entries FROM import_slice WHERE run = ? AND n = ?", (run, n))
        if found is not None:
            packed = _without(bytes(found[0]), row[0], f"erased-{customer.hex()}")
            sql = "UPDATE import_slice SET entries = ? WHERE run = ? AND n = ?"
            act.tx.run(sql, (packed, run, n))


def _without(packed: bytes, external_id: str, instead: str) -> bytes:
    changed = [
        _renamed(entry, external_id, instead) for entry in entries.decode(zlib.decompress(packed))
    ]
    return zlib.compress(entries.encode(changed), 1)


def _renamed(entry: entries.Entry, external_id: str, instead: str) -> entries.Entry:
    match entry:
        case CustomerEntry() if entry.external_id == external_id:
            return msgspec.structs.replace(entry, external_id=instead)
        case OrderEntry() | CreditEntry() if entry.customer == external_id:
            return msgspec.structs.replace(entry, customer=instead)
    return entry
