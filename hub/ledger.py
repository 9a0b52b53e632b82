"""Hash-chained, append-only ledgers. Owns canonical bytes, the chain and the row checksum.

Each (site, ledger) has one chain. The hash of a row covers the hash before it and the business
fields, with no database id, commit time or personal value; the checksum beside it covers every
column, so one changed byte anywhere in the row is found (docs/stock-rule.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

HASH_BYTES = 32
CHECKSUM_BYTES = 8
_encode = msgspec.json.Encoder().encode


class Ledger:
    """One kind of chained ledger: its table, its columns, and which of them the chain covers.

    The table's columns are: site, position, the `columns`, hash, checksum.
    """

    def __init__(self, name: str, table: str, columns: Sequence[str], unchained: Iterable[str]):
        self.name = name
        self.table = table
        self.columns = tuple(columns)
        left_out = set(unchained)
        chained = (i for i, name in enumerate(self.columns) if name not in left_out)
        self.business_fields = itemgetter(*chained)
        self.other_fields = itemgetter(*(self.columns.index(name) for name in sorted(left_out)))
        every = ("site", "position", *self.columns, "hash", "checksum")
        names = ", ".join(f'"{name}"' for name in every)
        marks = ", ".join("?" * len(every))
        self.insert_sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
        self.select_sql = f'SELECT {names} FROM "{table}" WHERE site = ? ORDER BY position'

    def origin(self, site: str) -> bytes:
        """The hash before the first row."""
        return sha256(f"binlight {self.name} {site}".encode()).digest()


class Linked(NamedTuple):
    rows: list[Sequence[Any]]
    position: int
    last: bytes


def next_hash(ledger: Ledger, before: bytes, values: Sequence[Any]) -> bytes:
    """The hash of a row with these column values that follows `before`."""
    return sha256(before + _encode(ledger.business_fields(values))).digest()


def checksum(
    ledger: Ledger, site: str, position: int, values: Sequence[Any], row_hash: bytes
) -> bytes:
    """Covers every column of the row: the business fields through their hash."""
    rest = _encode((site, position, ledger.other_fields(values)))
    return blake2b(row_hash + rest, digest_size=CHECKSUM_BYTES).digest()


def chain_rows(
    ledger: Ledger, site: str, rows: Iterable[Sequence[Any]], position: int, before: bytes
) -> Linked:
    """Give position, hash and checksum to rows that follow (position, before)."""
    linked: list[Sequence[Any]] = []
    for values in rows:
        position += 1
        before = next_hash(ledger, before, values)
        covered = checksum(ledger, site, position, values, before)
        linked.append((site, position, *values, before, covered))
    return Linked(linked, position, before)
