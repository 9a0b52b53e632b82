"""Which kind of file a name stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.bulk.kinds.catalogue import BarcodeFile, ItemFile
from hub.bulk.kinds.orders import OrderFile
from hub.bulk.kinds.people import PersonFile
from hub.bulk.kinds.stock import StockFile
from hub.bulk.posting import Kind
from hub.errors import BadValue

KINDS: Final[dict[str, Callable[[], Kind]]] = {
    "items": ItemFile,
    "barcodes": BarcodeFile,
    "stock": StockFile,
    "people": PersonFile,
    "orders": OrderFile,
}


def kind_named(name: str) -> Kind:
    """A fresh reader and poster of this kind; raises BadValue."""
    if name not in KINDS:
        raise BadValue("kind", name, "use one of " + ", ".join(KINDS))
    return KINDS[name]()
