"""Labels on paper: bins, totes, badges, and the check code that proves a scanner's settings.

Sheets are A4 with two columns; the largest thing on a label is what a person reads aloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fpdf import FPDF

from hub.bulk.code128 import QUIET_MODULES, bars
from hub.errors import BadValue, NotFound
from hub.inventory.models import Place
from hub.staff.models import Person
from protocols.barcodes import (
    GS,
    badge_label,
    bin_label,
    check_digits,
    scanner_check_label,
    tote_label,
)

LABELS_MAX: Final = 20_000
COLUMNS: Final = 2
ROWS: Final = 8
LABEL_MM: Final = (99.0, 34.0)
MARGIN_MM: Final = (6.0, 12.5)
BARCODE_MM: Final = (87.0, 14.0)
MODULE_MM_MAX: Final = 0.5
MODULE_MM_MIN: Final = 0.19
"""Narrower bars are lost on office printers; a label of 24 characters still has 0.26 mm."""
_RANGE: Final = re.compile(r"(.*?)(\d+)\.\.\1(\d+)")


class Label(NamedTuple):
    """What the barcode reads, the code in big letters, its check digits, and a line below."""

    content: str
    code: str
    check: str
    below: str = ""
    is_gs1: bool = False


SCANNER_CHECK: Final = Label(
    scanner_check_label(), "SCANNER CHECK", "", "Scan this first with every scanner.", is_gs1=True
)


def chosen_labels(kind: str, company: str, site: str, codes: str | None) -> list[Label]:
    """The labels of this kind, all or those named. Raises NotFound, BadValue, BadLabelCode."""
    wanted = None if codes is None else spread(codes)
    makers: dict[str, Callable[[], list[Label]]] = {
        "bins": lambda: _places(site, "BIN", bin_label, wanted),
        "totes": lambda: _totes(site, wanted),
        "badges": lambda: _badges(company, wanted),
        "scanner": lambda: [SCANNER_CHECK],
    }
    if kind not in makers:
        raise BadValue("kind", kind, "use one of " + ", ".join(makers))
    found = makers[kind]()
    if not found:
        raise NotFound("label to print for", codes or kind)
    return found


def spread(codes: str) -> list[str]:
    """`T-0001..T-0003,T-0009` → the four codes. Raises BadValue for too many."""
    found: list[str] = []
    for part in filter(None, (word.strip() for word in codes.split(","))):
        match = _RANGE.fullmatch(part)
        found += [part] if match is None else _between(match[1], match[2], match[3])
        if len(found) > LABELS_MAX:
            raise BadValue("codes", part, f"at most {LABELS_MAX} labels at once")
    return found


def _between(stem: str, first: str, last: str) -> list[str]:
    if int(last) - int(first) >= LABELS_MAX:
        raise BadValue("codes", f"{stem}{first}..{last}", f"at most {LABELS_MAX} labels at once")
    return [f"{stem}{n:0{len(first)}d}" for n in range(int(first), int(last) + 1)]


def _places(
    site: str, kind: str, label: Callable[[str], str], wanted: list[str] | None
) -> list[Label]:
    query = Place.select(Place.code).where((Place.site == site) & (Place.kind == kind))
    there = [row.code for row in query.order_by(Place.aisle, Place.bay, Place.level, Place.code)]
    if wanted is not None:
        unknown = set(wanted) - set(there)
        if unknown:
            raise NotFound(kind.lower(), min(unknown))
        there = wanted
    return [Label(label(code), code, check_digits(code)) for code in there]


def _totes(site: str, wanted: list[str] | None) -> list[Label]:
    """Totes need not be known yet: a tote comes into being with its first use."""
    if wanted is None:
        known = _places(site, "TOTE", tote_label, None)
        if not known:
            raise BadValue("codes", "", "no tote is known yet: say which, such as T-0001..T-0040")
        return known
    return [Label(tote_label(code), code.upper(), check_digits(code)) for code in wanted]


def _badges(company: str, wanted: list[str] | None) -> list[Label]:
    query = Person.select().where(
        (Person.company == company) & Person.badge.is_null(False) & Person.is_active
    )
    people = {str(person.badge): person.name for person in query.order_by(Person.name)}
    for badge in wanted or ():
        if badge not in people:
            raise NotFound("badge", badge)
    chosen = people if wanted is None else {badge: people[badge] for badge in wanted}
    return [
        Label(badge_label(badge), name, check_digits(badge), badge)
        for badge, name in chosen.items()
    ]


def labels_pdf(labels: list[Label]) -> bytes:
    """A PDF of A4 sheets, 16 labels on each."""
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(False)
    pdf.set_title("Labels")
    for n, label in enumerate(labels):
        place = n % (COLUMNS * ROWS)
        if place == 0:
            pdf.add_page()
        x = MARGIN_MM[0] + place % COLUMNS * LABEL_MM[0]
        y = MARGIN_MM[1] + place // COLUMNS * LABEL_MM[1]
        _draw(pdf, label, x, y)
    return bytes(pdf.output())


def _draw(pdf: Any, label: Label, x: float, y: float) -> None:
    _draw_bars(pdf, label, x + (LABEL_MM[0] - BARCODE_MM[0]) / 2, y + 2)
    pdf.set_xy(x + 4, y + 17)
    pdf.set_font("Helvetica", "B", 22)
    _fit(pdf, label.code, 66)
    pdf.cell(66, 10, _latin(label.code))
    pdf.set_font("Helvetica", "B", 28)
    pdf.cell(25, 10, label.check, align="R")
    pdf.set_xy(x + 4, y + 27)
    pdf.set_font("Helvetica", "", 8)
    content = label.content.replace(GS, " ")
    pdf.cell(91, 4, _latin(f"{content}   {label.below}".rstrip()))


def _draw_bars(pdf: Any, label: Label, x: float, y: float) -> None:
    """Bars in the middle of the space, as wide as it allows. Raises BadValue if too narrow."""
    found, modules = bars(label.content, gs1=label.is_gs1)
    module = min(BARCODE_MM[0] / (modules + 2 * QUIET_MODULES), MODULE_MM_MAX)
    if module < MODULE_MM_MIN:
        raise BadValue("label", label.content, "it is too long for a label")
    left = x + (BARCODE_MM[0] - modules * module) / 2
    pdf.set_fill_color(0)
    for start, width in found:
        pdf.rect(left + start * module, y, width * module, BARCODE_MM[1], style="F")


def _fit(pdf: Any, text: str, width_mm: float) -> None:
    """Smaller letters until the text fits."""
    while pdf.get_string_width(_latin(text)) > width_mm - 2 and pdf.font_size_pt > 8:
        pdf.set_font_size(pdf.font_size_pt - 1)


def _latin(text: str) -> str:
    """PDF's own fonts know Latin-1 alone; other letters become a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
