"""Recognises what a scanner typed for another country's keyboard. Owns what counts as proof.

A scanner in keyboard mode sends key positions for the country it is set to, and the drivers read
them as a US keyboard. On digits the difference is invisible or looks like a bad scan, so it is
proven: the keys are read back through each table of `keyboards`, and only what nobody types by
chance counts: a whole label with the right check digits, the scanner's check code, an AIM
identifier, or a GTIN whose digits were no digits before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from protocols.barcodes.errors import BarcodeError, WrongKeyboardLayout
from protocols.barcodes.gtin import has_right_check_digit, is_digits
from protocols.barcodes.keyboards import OTHERS, US, Keyboard, Stroke
from protocols.barcodes.labels import is_label, read_label
from protocols.barcodes.symbologies import split_identifier
from protocols.enrolment import is_whole_code
from protocols.limits import ENROLMENT_CODE_CHARS_MAX

CHECK_CODE: Final = (("91", "BINLIGHT"), ("92", "FNC1AZY-+'\""))
"""The scanner's check code: its separator proves FNC1, its last seven characters the keyboard.

No two of the keyboards type them alike, but for the Spanish and the Italian one.
"""
_CHECK_TEXT: Final = "".join(ai + value for ai, value in CHECK_CODE)
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_PROOF_STROKES_MAX: Final = 2 * ENROLMENT_CODE_CHARS_MAX
"""Nothing that is proven has more, even if every character were a dead key and a space."""
_NAMED_MAX: Final = 2


def refuse_other_layout(text: str) -> None:
    """Raises WrongKeyboardLayout if the text is one of our codes seen through another layout."""
    strokes = US.strokes(text)
    is_typed_on_us_keys = len(strokes) == len(text)
    if is_typed_on_us_keys and (keyboards := keyboards_behind(strokes)):
        raise WrongKeyboardLayout(text, name_of(keyboards))


def keyboards_behind(strokes: Sequence[Stroke]) -> tuple[Keyboard, ...]:
    """The countries' keyboards on which these strokes are something proven; none for US."""
    strokes = strokes[:_PROOF_STROKES_MAX]
    as_read = US.read(strokes) or ""
    if _is_proven(as_read):
        return ()
    meant = [(keyboard, keyboard.read(strokes) or "") for keyboard in OTHERS]
    proven = tuple(keyboard for keyboard, text in meant if _is_proven(text))
    if proven or _has_identifier(as_read):
        return proven
    return tuple(keyboard for keyboard, text in meant if _has_identifier(text))


def name_of(keyboards: Iterable[Keyboard]) -> str:
    """What to call them in a sentence: many countries type most labels alike."""
    names = [keyboard.name for keyboard in keyboards]
    if len(names) > _NAMED_MAX:
        return f"European ({names[0]}, {names[1]}, …)"
    return " or ".join(names)


def _is_proven(text: str) -> bool:
    data = split_identifier(text)[1]
    return data == _CHECK_TEXT or _is_gtin(data) or _is_whole_label(data)


def _has_identifier(text: str) -> bool:
    return split_identifier(text)[0] is not None


def _is_gtin(data: str) -> bool:
    return len(data) in _GTIN_LENGTHS and is_digits(data) and has_right_check_digit(data)


def _is_whole_label(text: str) -> bool:
    if is_whole_code(text):
        return True
    try:
        return is_label(text) and bool(read_label(text))
    except BarcodeError:
        return False
