"""Files to rows: plain or gzipped CSV in UTF-8, and the cells' values.

Owns encodings, headers and cell forms; knows nothing of what the rows mean.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.bulk.errors import (
    ERRORS_MAX,
    ImportRefused,
    RowError,
    UnreadableFile,
    WrongColumns,
)
from hub.errors import BadValue, HubError

FILE_BYTES_MAX: Final = 1 << 30
"""Unpacked."""
CHUNK_BYTES: Final = 1 << 20
MICROS: Final = 1_000_000
T = TypeVar("T")


class SourceFile:
    """A file as it was read: name, digest of its unpacked bytes, header and rows."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.digest = sha256(content).hexdigest()
        self._content = content

    def rows(self) -> Iterator[list[str]]:
        """Every row, the header first. Raises UnreadableFile."""
        text = io.TextIOWrapper(io.BytesIO(self._content), "utf-8-sig", newline="")
        try:
            yield from csv.reader(text, strict=True)
        except UnicodeDecodeError as wrong:
            raise UnreadableFile(self.name, f"it is not UTF-8 (byte {wrong.start})") from wrong
        except csv.Error as wrong:
            raise UnreadableFile(self.name, f"it is no CSV ({wrong})") from wrong

    def header(self) -> list[str]:
        """The names of the columns."""
        return [name.strip() for name in next(self.rows(), [])]


def read_file(path: Path) -> SourceFile:
    """Read a CSV, unpacked if it is gzipped. Raises UnreadableFile."""
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_packed else path.open("rb") as file:
            return SourceFile(path.name, _read_all(path.name, file))
    except (OSError, EOFError, zlib.error) as wrong:
        raise UnreadableFile(path.name, str(wrong)) from wrong


def _read_all(name: str, file: Any) -> bytes:
    content = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        content += chunk
        if len(content) > FILE_BYTES_MAX:
            raise UnreadableFile(name, f"it has more than {FILE_BYTES_MAX} bytes")
    return bytes(content)


class Errors:
    """Collects what is wrong, row by row."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.found: list[RowError] = []

    def add(self, row: int, column: str, code: str, text: str) -> None:
        """Note one error; raises ImportRefused when there are too many to go on."""
        self.found.append(RowError(row, column, code, text))
        if len(self.found) >= ERRORS_MAX:
            self.refuse_if_any()

    def cell(self, row: int, column: str, text: str, read: Callable[[str], T]) -> T | None:
        """The value of a cell, or None with an error noted. The column is said beside it."""
        try:
            return read(text)
        except BadValue as wrong:
            self.add(row, column, wrong.code, f"{text!r}: {wrong.wanted}")
        except HubError as wrong:
            self.add(row, column, wrong.code, str(wrong))
        except ValueError as wrong:
            self.add(row, column, "BAD_CELL", f"{text!r}: {wrong}")
        return None

    def refuse_if_any(self) -> None:
        if self.found:
            raise ImportRefused(self.file_name, self.found)


def named_rows(
    source: SourceFile, needed: Sequence[str], optional: Sequence[str], errors: Errors
) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number, column → text) with every column present; blank rows count, and are errors.

    Raises WrongColumns.
    """
    header = source.header()
    missing = [name for name in needed if name not in header]
    unknown = [name for name in header if name not in (*needed, *optional)]
    if missing or unknown or len(set(header)) != len(header):
        raise WrongColumns(source.name, missing, unknown)
    blank = dict.fromkeys(optional, "")
    rows = source.rows()
    next(rows)
    for n, cells in enumerate(rows, start=1):
        if len(cells) != len(header):
            errors.add(n, header[0], "CELLS", f"{len(cells)} cells, not {len(header)}")
        else:
            yield n, blank | {k: v.strip() for k, v in zip(header, cells, strict=True)}


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Reads an integer in these bounds."""

    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or not text.isascii():
            raise ValueError("a whole number is needed")
        if not low <= int(text) <= high:
            raise ValueError(f"a number from {low} to {high} is needed")
        return int(text)

    return read


def price_micros(text: str) -> int:
    """A price in units of the currency, at most 6 decimals, as millionths."""
    try:
        micros = Decimal(text) * MICROS
    except ArithmeticError as wrong:
        raise ValueError("a price such as 2.55 is needed") from wrong
    if micros.is_finite() and abs(micros) > 10**15:
        raise ValueError("a price is below a milliard")
    if not micros.is_finite() or micros != int(micros):
        raise ValueError("a price has at most 6 decimals")
    return int(micros)


def written_price(micros: int) -> str:
    """The shortest text that `price_micros` reads back."""
    whole, part = divmod(abs(micros), MICROS)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{decimals}"


def some_text(text: str) -> str:
    """A text that must not be empty."""
    if not text:
        raise ValueError("it must not be empty")
    return text


def one_of(*words: str) -> Callable[[str], str]:
    """A reader that takes these words alone, and raises ValueError for others."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"use one of {', '.join(words)}")
        return text

    return read
