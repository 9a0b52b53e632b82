"""What order files are staged as: small values, whatever format they came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

ROW_UNITS_IN_SLICE: Final = 500
"""Size of a slice, in order lines: about 25 ms of writing."""
CREDIT_UNITS: Final = 6
"""A credit row costs as much as so many order lines: it looks for its order."""


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """Root of what is staged."""

    def weight(self) -> int:
        return 1


class ItemEntry(Entry, tag="I", array_like=True, frozen=True):
    """An article that the file sells; made when the catalogue lacks it."""

    sku: str
    name: str
    price_micros: int
    other_names: list[str]


class CustomerEntry(Entry, tag="K", array_like=True, frozen=True):
    external_id: str
    country: str


class LineRow(msgspec.Struct, array_like=True, frozen=True):
    """`row` is the row of the file, from 1."""

    row: int
    sku_key: str
    name: str
    quantity: int
    price_micros: int


class ChargeRow(msgspec.Struct, array_like=True, frozen=True):
    row: int
    kind: str
    text: str
    quantity: int
    price_micros: int


class DocumentEntry(Entry, array_like=True, frozen=True):
    """What all documents have: channel, number, moment."""

    channel: str
    document: str
    at: int

    def row_numbers(self) -> Iterable[int]:
        raise NotImplementedError


class OrderEntry(DocumentEntry, tag="O", array_like=True, frozen=True):
    customer: str
    country: str
    lines: list[LineRow]
    charges: list[ChargeRow]
    due_at: int | None = None
    priority: int = 0
    ships_complete: bool = False
    currency: str = "GBP"
    holds: list[str] = []
    division: str = ""

    def weight(self) -> int:
        return len(self.lines) + len(self.charges) + 1

    def row_numbers(self) -> Iterable[int]:
        return [*(line.row for line in self.lines), *(charge.row for charge in self.charges)]


class CreditEntry(DocumentEntry, tag="C", array_like=True, frozen=True):
    """`rows` have quantities above zero: what is given back."""

    customer: str
    rows: list[LineRow]
    charges: list[ChargeRow]

    def weight(self) -> int:
        return CREDIT_UNITS * len(self.rows) + len(self.charges) + 1

    def row_numbers(self) -> Iterable[int]:
        return [*(line.row for line in self.rows), *(charge.row for charge in self.charges)]


class AdjustmentEntry(DocumentEntry, tag="J", array_like=True, frozen=True):
    """`name` of a row is its free text; quantities have their sign."""

    rows: list[LineRow]
    charges: list[ChargeRow]

    def weight(self) -> int:
        return len(self.rows) + len(self.charges) + 1

    def row_numbers(self) -> Iterable[int]:
        return [*(line.row for line in self.rows), *(charge.row for charge in self.charges)]


class RefusalEntry(Entry, tag="R", array_like=True, frozen=True):
    """A row that becomes nothing else; `code` says why."""

    row: int
    code: str
    text: str


Entries = list[
    ItemEntry | CustomerEntry | OrderEntry | CreditEntry | AdjustmentEntry | RefusalEntry
]
encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Entries).decode


def slices_of(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Cut into slices, documents whole; articles and customers never share one with orders."""
    gathered: list[Entry] = []
    weight, was_base = 0, True
    for entry in entries:
        is_base = isinstance(entry, ItemEntry | CustomerEntry)
        if gathered and (weight + entry.weight() > ROW_UNITS_IN_SLICE or is_base != was_base):
            yield encode(gathered)
            gathered, weight = [], 0
        gathered.append(entry)
        weight += entry.weight()
        was_base = is_base
    if gathered:
        yield encode(gathered)
