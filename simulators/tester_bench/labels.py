"""Every label of the world that can be scanned: badges, commands, bins, articles, totes.

Owns what is printed on them and what a scanner sends: an AIM identifier and the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from hub.config import HubConfig
from hub.db import fetch
from hub.journal import Journal
from protocols.barcodes import (
    GS,
    CommandName,
    badge_label,
    bin_label,
    check_digits,
    command_label,
    element_string,
    scanner_check_label,
    tote_label,
)
from simulators.furnishing import articles_of
from simulators.hall import Article

TOTES: Final = 60
FOUND_MAX: Final = 60
CODE_128, GS1_128, EAN_13, ITF_14, QR_CODE = "]C0", "]C1", "]E0", "]I1", "]Q1"
KINDS: Final = ("badge", "command", "bin", "item", "case", "gs1", "tote")
_EXPIRES, _LOT, _SERIAL = "271231", "L-2041", "000042"


class Label(msgspec.Struct, frozen=True):
    """One label. `code` is its content; `title` is what people read on it."""

    kind: str
    code: str
    title: str
    note: str = ""

    @property
    def symbology(self) -> str:
        return symbology_of(self.code)


def symbology_of(code: str) -> str:
    """The AIM identifier that a scanner would send before such a content."""
    if GS in code or (code.startswith("01") and len(code) > 16 and code[:16].isdigit()):
        return GS1_128
    if code.isdigit() and len(code) in {13, 14}:
        return EAN_13 if len(code) == 13 else ITF_14
    return CODE_128


def printed(code: str) -> str:
    """How a barcode of the catalogue is printed: a GTIN-14 that begins with 0 is an EAN-13."""
    return code[1:] if code.isdigit() and len(code) == 14 and code.startswith("0") else code


def as_sent(code: str) -> str:
    """What a scanner sends for a label's content; a code with an identifier stays as it is."""
    return code if code.startswith("]") else symbology_of(code) + code


class Labels:
    """The catalogue of one world."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self.all = tuple(labels)
        self._by_code = {label.code: label for label in self.all}

    def find(self, words: str = "", kind: str = "", most: int = FOUND_MAX) -> list[Label]:
        """Those that carry all the words, in any order; best known kinds first."""
        wanted = words.casefold().split()
        found = (label for label in self.all if kind in {"", label.kind})
        chosen = [label for label in found if all(word in _haystack(label) for word in wanted)]
        return chosen[:most]

    def of(self, code: str) -> Label:
        """The label with this content; one of its own for a code that nobody printed."""
        return self._by_code.get(code, Label("typed", code, code))


def _haystack(label: Label) -> str:
    return f"{label.kind} {label.code} {label.title} {label.note}".casefold()


def labels_of(config: HubConfig, journal: Journal, pins: dict[str, str]) -> Labels:
    """The world's labels. `pins`: of whom the bench knows it, by badge."""
    return Labels([
        *_badges(config, journal, pins),
        *_commands(),
        *_bins(config, journal),
        *(label for article in articles_of(config, journal) for label in _of_article(article)),
        *(Label("tote", tote_label(f"T-{n:04d}"), f"T-{n:04d}") for n in range(1, TOTES + 1)),
    ])  # fmt: skip


def _badges(config: HubConfig, journal: Journal, pins: dict[str, str]) -> list[Label]:
    rows = _rows(
        journal,
        "SELECT badge, name FROM person WHERE company = ? AND badge IS NOT NULL ORDER BY name",
        (config.company,),
    )
    return [
        Label("badge", badge_label(badge), name, f"PIN {pins[badge]}" if badge in pins else "")
        for badge, name in rows
    ]


def _commands() -> list[Label]:
    found = [Label("command", command_label(name), name.value) for name in CommandName]
    return [*found, Label("command", scanner_check_label(), "SCANNER CHECK", "sends FNC1?")]


def _bins(config: HubConfig, journal: Journal) -> list[Label]:
    rows = _rows(
        journal,
        "SELECT p.code, MIN(i.name) FROM place p LEFT JOIN balance b ON b.place = p.id "
        "AND b.on_hand > 0 LEFT JOIN item i ON i.id = b.item "
        "WHERE p.site = ? AND p.kind = 'BIN' GROUP BY p.code ORDER BY 2 IS NULL, p.code",
        (config.site,),
    )
    return [
        Label("bin", bin_label(code), code, f"{check_digits(code)} {name or ''}".rstrip())
        for code, name in rows
    ]


def _of_article(article: Article) -> list[Label]:
    """Each barcode of an article, and a label as suppliers print it on cartons."""
    codes = [(printed(code), pieces) for code, pieces in article.codes if code.isdigit()]
    codes = [(code, pieces) for code, pieces in codes if len(code) in {13, 14}]
    found = [
        Label("item" if pieces == 1 else "case", code, article.name,
              article.sku if pieces == 1 else f"{article.sku} × {pieces}")
        for code, pieces in codes
    ]  # fmt: skip
    ean = next((code for code, _ in codes if len(code) == 13), None)
    return found if ean is None else [*found, _carton(article, ean)]


def _carton(article: Article, ean: str) -> Label:
    elements = (("01", "0" + ean), ("17", _EXPIRES), ("10", _LOT), ("21", _SERIAL))
    return Label("gs1", element_string(elements), article.name, f"{article.sku} lot {_LOT}")


def _rows(journal: Journal, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    return fetch(journal.database, sql, tuple(values))
