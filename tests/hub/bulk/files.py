"""Small files for tests of imports."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hub.bulk.engine import run_import
from hub.bulk.kinds.by_name import kind_named
from hub.bulk.posting import Options
from hub.bulk.report import Report
from hub.journal import Journal
from tests.hub.conftest import TestHub

UCI = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
       "CustomerID", "Country")  # fmt: skip


def uci_row(
    invoice: str, code: str, quantity: int, *, price: str = "2.55", customer: str = "17850.0",
    name: str = "LANTERN", at: str = "2011-11-22 08:26:00", country: str = "United Kingdom",
) -> tuple[object, ...]:  # fmt: skip
    return invoice, code, name, quantity, at, price, customer, country


def write(path: Path, rows: Iterable[Iterable[object]], header: Iterable[str] = UCI) -> Path:
    """A CSV, gzipped if its name says so."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def take_in(
    hub: TestHub, kind: str, path: Path, *, options: Options | None = None,
    journal: Journal | None = None, **more: Any,
) -> Report:  # fmt: skip
    """Import a file without resting between slices."""
    return run_import(
        journal or hub.journal, kind_named(kind), path, company=hub.company, site=hub.site,
        options=options, rest=lambda _seconds: None, **more,
    )  # fmt: skip
