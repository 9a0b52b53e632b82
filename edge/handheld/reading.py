"""From characters to what they mean here. Pure: a scan or typed text → one input of the workflow.

Owns how typed text stands in for a scanner. What a barcode is, `protocols.barcodes` says; the
phase decides only whether typed digits are a figure or a code.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.config import DeviceConfig
from edge.handheld.outcome import (
    BadgeRead,
    BinRead,
    CommandRead,
    FigureTyped,
    ItemRead,
    PersonInput,
    ScannerChecked,
    ToteRead,
    Unreadable,
)
from edge.handheld.work import HandheldState, Work
from protocols.barcodes import (
    BadgeLabel,
    BarcodeError,
    BinLabel,
    Command,
    CommandName,
    EnrolmentLabel,
    ItemCode,
    PlainData,
    RawScan,
    Scan,
    ToteLabel,
    classify,
    is_code,
    printed_code,
)
from protocols.limits import SCAN_CHARS_MAX

FIGURE_CHARS_MAX: Final = 7
"""Eight digits are an EAN-8."""
SURE_FIGURE_CHARS_MAX: Final = 4
"""Longer digits may be an item number."""
CHECK_DIGIT_CHARS: Final = 2
TOTE_PHASES: Final = frozenset({"TOTES", "TOTE", "SHORT_TOTE"})


class EnrolmentRead(msgspec.Struct, frozen=True):
    """An enrolment code: no matter of work, so the agent keeps it from the workflow."""

    text: str


def read_scan(raw: RawScan, config: DeviceConfig, sends_fnc1: bool) -> PersonInput | EnrolmentRead:
    """What the scanner saw."""
    try:
        scan = classify(raw, aim=config.aim, sends_fnc1=sends_fnc1)
    except BarcodeError as wrong:
        return _unreadable(raw.text, wrong)
    return _meaning(scan)


def read_typed(text: str, state: HandheldState) -> PersonInput | EnrolmentRead:
    """What a person typed and ended with Enter: a word, a figure, or a code as if scanned."""
    text = text.strip()
    if text.upper() in CommandName.__members__:
        return CommandRead(CommandName(text.upper()))
    if state.phase == "PIN":
        return _at_the_pin(text)
    tote = _tote_as_printed(text, state)
    if tote is not None:
        return tote
    if text.isascii() and text.isdigit() and len(text) <= FIGURE_CHARS_MAX:
        return _digits(text, state)
    try:
        return _meaning(classify(text, aim=False))
    except BarcodeError as wrong:
        return _unreadable(text, wrong)


def _tote_as_printed(text: str, state: HandheldState) -> ToteRead | BinRead | Unreadable | None:
    """Where a tote is asked for, what its label says in big letters: the code and its check digits.
    Of a tote on the cart the code alone will do; a new one without them may be a slip of the hand.
    A bin's label has the same form: a bin of this work is one, unless a tote is called like it.
    """
    work = state.work
    if state.phase not in TOTE_PHASES or work is None:
        return None
    code = printed_code(text)
    if code is None and not text.isdigit() and work.slot_of_tote(text.upper()) is not None:
        code = text.upper()
    if code is not None:
        is_bin = _is_bin_of(work, code) and work.slot_of_tote(code) is None
        return BinRead(code) if is_bin else ToteRead(code)
    if state.phase != "TOTES" or not is_code(text) or _is_other_thing_of(work, text):
        return None
    return _digits_are_missing(text)


def _is_bin_of(work: Work, code: str) -> bool:
    return any(code.upper() == line.bin.upper() for line in work.assignment.lines)


def _is_other_thing_of(work: Work, text: str) -> bool:
    """Whether it names a bin or an article of this work: no digits would make a tote of it."""
    try:
        read = _meaning(classify(text, aim=False))
    except BarcodeError:
        return False
    keys = read.keys if isinstance(read, ItemRead) else ()
    is_article = any(key in line.codes for line in work.assignment.lines for key in keys)
    return is_article or _is_bin_of(work, text)


def _digits_are_missing(text: str) -> Unreadable:
    said = f"Type the two check digits that stand beside it as well: {text.upper()} ··"
    return Unreadable(text[:SCAN_CHARS_MAX], "CHECK_DIGITS_MISSING", said)


def _at_the_pin(text: str) -> PersonInput:
    """A whole badge label is another person's turn; all else is tried as a PIN and never shown."""
    try:
        read = _meaning(classify(text, aim=False))
    except BarcodeError:
        return FigureTyped(text)
    return read if isinstance(read, BadgeRead) else FigureTyped(text)


def _digits(text: str, state: HandheldState) -> PersonInput:
    phase, work = state.phase, state.work
    if phase == "SHORT_REASON" or (phase == "BIN" and len(text) == CHECK_DIGIT_CHARS):
        return FigureTyped(text)
    if phase not in {"ITEM", "TOTE"} or work is None:
        return _item(text)
    return FigureTyped(text) if _is_count(text, work) else _item(text)


def _is_count(text: str, work: Work) -> bool:
    """Before the item is proved its number may be meant; afterwards only a long one may."""
    line, mark = work.line, work.mark
    is_proved = mark is not None and mark.state in {"ITEM_VERIFIED", "QTY_CONFIRMED"}
    if line is None:
        return False
    if len(text) > SURE_FIGURE_CHARS_MAX:
        return is_proved and text not in line.codes and int(text) <= line.quantity
    return is_proved or text not in line.codes


def _meaning(scan: Scan) -> PersonInput | EnrolmentRead:
    match scan:
        case BinLabel(code=code):
            return BinRead(code)
        case ToteLabel(code=code):
            return ToteRead(code)
        case BadgeLabel(code=code):
            return BadgeRead(code)
        case Command(name=name):
            return CommandRead(name)
        case EnrolmentLabel(text=text):
            return EnrolmentRead(text)
        case ItemCode(data=data, gtin=gtin, other_gtin=other):
            return _item(data, gtin, other)
        case PlainData(data=data):
            return _item(data)
    return ScannerChecked()


def _item(data: str, gtin: str | None = None, other: str | None = None) -> ItemRead:
    keys = [key for key in (gtin, other, data, data.upper()) if key]
    return ItemRead(data[:SCAN_CHARS_MAX], tuple(dict.fromkeys(keys)))


def _unreadable(text: str, wrong: BarcodeError) -> Unreadable:
    return Unreadable(text[:SCAN_CHARS_MAX], wrong.code, str(wrong))
