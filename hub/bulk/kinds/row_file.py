"""Files in which each row stands for itself: articles, barcodes, stock, people.

Owns the walk from cells to staged rows; each kind says its columns, checks and effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from hub.bulk.posting import Context, Staged
from hub.bulk.reading import Errors, SourceFile, named_rows
from hub.bulk.report import Outcome
from hub.journal import Act

Values = dict[str, Any]
encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, Values]]).decode


class RowFile:
    """A kind of file. `post_row` returns what the row became: one of the counted kinds."""

    name: ClassVar[str]
    needed: ClassVar[Sequence[str]]
    readers: ClassVar[Mapping[str, Callable[[str], Any]]]
    """Column → reader, for all columns; those not needed may be missing."""
    rows_in_slice: ClassVar[int] = 200

    def read(self, source: SourceFile, context: Context) -> Staged:
        """Understand a whole file. Raises ImportRefused, WrongColumns, UnreadableFile."""
        errors = Errors(source.name)
        optional = [name for name in self.readers if name not in self.needed]
        rows: list[tuple[int, Values]] = []
        n = 0
        for n, cells in named_rows(source, self.needed, optional, errors):
            before = len(errors.found)
            values = {
                name: errors.cell(n, name, text, self.readers[name]) for name, text in cells.items()
            }
            if len(errors.found) == before:
                rows.append((n, values))
        self.check(context, rows, errors)
        errors.refuse_if_any()
        return Staged(n, self._slices(rows), Counter({self.name: n}), [])

    def _slices(self, rows: list[tuple[int, Values]]) -> Iterator[bytes]:
        for start in range(0, len(rows), self.rows_in_slice):
            yield encode(rows[start : start + self.rows_in_slice])

    def post(self, act: Act, context: Context, entries: bytes) -> Outcome:
        outcome = Outcome()
        for _, values in _decode(entries):
            outcome.count(self.post_row(act, context, values))
        return outcome

    def check(self, context: Context, rows: list[tuple[int, Values]], errors: Errors) -> None:
        """Note what is wrong between rows, or against what the hub knows."""

    def post_row(self, act: Act, context: Context, values: Values) -> str:
        raise NotImplementedError


def refuse_doubles(
    rows: list[tuple[int, Values]], column: str, key: Callable[[Any], object], errors: Errors
) -> None:
    """Note every row that says again what an earlier one said."""
    first: dict[object, int] = {}
    for n, values in rows:
        value = values[column]
        if value is None:
            continue
        if key(value) in first:
            text = f"{value!r} is in row {first[key(value)]} already"
            errors.add(n, column, "DOUBLE", text)
        else:
            first[key(value)] = n
