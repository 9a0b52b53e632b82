"""What a verification found. Owns the report and nothing of how things are checked."""

from __future__ import annotations

from typing import Final

import msgspec

FINDINGS_MAX: Final = 100
"""More are counted, not listed: one cut ledger makes every later row wrong."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is off, and where."""

    check: str
    where: str
    what: str


class Report:
    """Gathers findings and how much was looked at."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0
        self.checked: dict[str, int] = {}
        self.roots: dict[str, str] = {}
        """The last hash of each chain, `site/ledger` → hexadecimal digits."""

    @property
    def ok(self) -> bool:
        return not self.findings

    def count(self, what: str, how_many: int = 1) -> None:
        self.checked[what] = self.checked.get(what, 0) + how_many

    def add(self, check: str, where: str, what: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(check, where, what))
        else:
            self.left_out += 1

    def as_json(self) -> bytes:
        return msgspec.json.encode(
            {
                "ok": self.ok,
                "checked": self.checked,
                "roots": self.roots,
                "findings": self.findings,
                "findings_left_out": self.left_out,
            }
        )
