"""What a hub's books hold, in a form that two moments can be compared by.

Owns which tables show effects: a repeat may note that a device was heard, and nothing else.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import peewee

from hub.db import fetch
from hub.tables import TABLES

EFFECTS: Final = (
    "ledger_head", "balance", "allocation", "sales_order", "order_line", "wave", "assignment",
    "work_line", "device_epoch", "item", "barcode", "place", "customer",
)  # fmt: skip
"""Tables of which every column counts; of the others the number of rows does."""

Books = dict[str, str]


def books(database: peewee.Database) -> Books:
    """Every table's rows, or how many there are, by its name."""
    found: Books = {}
    for table in TABLES:
        name = table._meta.table_name  # noqa: SLF001 - peewee keeps a table's name there
        if name in EFFECTS:
            rows = sorted(repr(row) for row in fetch(database, f'SELECT * FROM "{name}"'))
            found[name] = sha256("\n".join(rows).encode()).hexdigest()
        else:
            found[name] = str(fetch(database, f'SELECT COUNT(*) FROM "{name}"')[0][0])
    return found


def differences(before: Books, after: Books) -> list[str]:
    """The tables in which something happened."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
