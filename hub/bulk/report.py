"""What an import did, for people and programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Note(NamedTuple):
    """What is to be known of one row: `kind` is what it became."""

    row: int
    kind: str
    code: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What the rows of one slice became: kind → rows, and notes on some of them."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)

    def count(self, kind: str, rows: int = 1) -> None:
        if rows:
            self.counts[kind] += rows

    def note(self, row: int, kind: str, code: str, text: str) -> None:
        self.counts[kind] += 1
        self.notes.append(Note(row, kind, code, text))


@dataclass(frozen=True)
class Report:
    """`counts` adds up to `rows`: every row of the file became exactly one thing."""

    kind: str
    file_name: str
    run: bytes
    is_dry_run: bool
    was_known: bool
    """The same file was imported before; nothing changed now."""
    rows: int
    counts: dict[str, int]
    notes: list[Note]
    slices: int = 0
    """Acts that were carried out now."""
    slice_ms_max: int = 0
    seconds: float = 0.0

    @property
    def adds_up(self) -> bool:
        return sum(self.counts.values()) == self.rows

    def as_json(self) -> str:
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts |= {"run": self.run.hex(), "notes": [n._asdict() for n in self.notes]}
        return json.dumps(facts | {"adds_up": self.adds_up}, ensure_ascii=False, indent=1)
