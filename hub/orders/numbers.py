"""Document numbers: gapless for each company and series, whoever takes one."""

from __future__ import annotations

from typing import Final

from hub.journal import Act

PREFIXES: Final = {"order": "SO", "shipment": "SH", "parcel": "P", "wave": "W"}
DIGITS: Final = 6


def next_number(act: Act, company: str, series: str) -> str:
    """The next number of a series, such as SO-000017; given back if the act fails."""
    return numbers(series, take(act, company, series, 1), 1)[0]


def take(act: Act, company: str, series: str, count: int) -> int:
    """Take `count` numbers at once; returns the first. The row stays locked until the commit."""
    changed = act.tx.run(
        "UPDATE document_number SET last = last + ? WHERE company = ? AND series = ?",
        (count, company, series),
    )
    if changed != 1:
        act.tx.run(
            "INSERT INTO document_number (company, series, last) VALUES (?, ?, ?) "
            "ON CONFLICT (company, series) DO UPDATE SET last = document_number.last + ?",
            (company, series, count, count),
        )
    row = act.tx.row(
        "SELECT last FROM document_number WHERE company = ? AND series = ?", (company, series)
    )
    assert row is not None  # noqa: S101 - it was written above
    return int(row[0]) - count + 1


def numbers(series: str, first: int, count: int) -> list[str]:
    """How `count` numbers from `first` on are written."""
    prefix = PREFIXES.get(series, series.upper())
    return [f"{prefix}-{n:0{DIGITS}d}" for n in range(first, first + count)]


def written(series: str, n: int) -> str:
    """How one number is written."""
    return numbers(series, n, 1)[0]
