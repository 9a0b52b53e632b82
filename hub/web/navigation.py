"""The main navigation: what there is, where, by which keys, and for whom."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.web.context import may, may_somewhere


class Entry(NamedTuple):
    title: str
    path: str
    key: str
    """Typed after `g`."""
    needs: tuple[str, str]
    is_by_division: bool = False
    """Whether it shows what is of the reader's own divisions."""


ENTRIES: Final = (
    Entry("Today", "/", "t", ("warehouse", "read")),
    Entry("Orders", "/orders", "o", ("orders", "read"), is_by_division=True),
    Entry("Waves", "/waves", "w", ("warehouse", "read")),
    Entry("Floor", "/floor", "f", ("warehouse", "read")),
    Entry("Packing", "/packing", "p", ("warehouse", "pack"), is_by_division=True),
    Entry("Stock", "/stock", "s", ("inventory", "read")),
    Entry("Items", "/items", "i", ("catalog", "read")),
    Entry("Customers", "/customers", "c", ("customers", "read")),
    Entry("Devices", "/devices", "d", ("devices", "read")),
    Entry("Exceptions", "/exceptions", "e", ("warehouse", "read")),
    Entry("People", "/people", "n", ("staff", "read")),
    Entry("Import", "/import", "m", ("bulk", "import")),
    Entry("Audit", "/audit", "a", ("audit", "read")),
    Entry("Security", "/security", "y", ("audit", "read")),
    Entry("Status", "/status", "u", ("status", "read")),
)


def entries() -> list[Entry]:
    """What whoever is logged in may open."""
    return [
        entry for entry in ENTRIES if (may_somewhere if entry.is_by_division else may)(*entry.needs)
    ]
