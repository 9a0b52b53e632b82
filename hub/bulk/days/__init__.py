"""Two real days of orders, for the demo and for tests (see README.md beside it)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PATH: Final = Path(__file__).parent / "2011-11-22_23.csv.gz"
"""UCI Online Retail format, original values."""
DAYS: Final = ("2011-11-22", "2011-11-23")


def rows() -> Iterator[dict[str, str]]:
    """Every row of the two days, column → text."""
    with gzip.open(PATH, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
