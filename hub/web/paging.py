"""Pages of long lists: by a key that the index is ordered by, so the last page costs as little as
the first. Owns the cursor in the address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from flask import request

ROWS: Final = 50
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the address of those that follow."""

    rows: Sequence[Row]
    more: str | None
    is_first: bool


def after() -> list[str]:
    """The cursor in the address: the key of the last row seen, or nothing."""
    raw = request.args.get("after", "")
    return raw.split("~") if raw else []


def page_of(rows: Sequence[Row], key: Callable[[Row], Sequence[Any]]) -> Page[Row]:
    """Make a page of ROWS + 1 rows read; the one too many says that there are more."""
    shown = rows[:ROWS]
    more = None
    if len(rows) > ROWS:
        cursor = "~".join(_text(part) for part in key(shown[-1]))
        kept = {name: value for name, value in request.args.items() if name != "after"}
        more = "?" + _query({**kept, "after": cursor})
    return Page(shown, more, not after())


def _text(part: Any) -> str:
    return part.hex() if isinstance(part, bytes) else str(part)


def _query(values: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(values)
