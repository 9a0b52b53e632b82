"""Recognises our labels typed for another country's keyboard. Owns the tables alone.

A scanner in keyboard mode sends key positions for the country it is set to, and the drivers read
them as a US keyboard. On digits the difference is invisible or looks like a bad scan, so it is
proven: the text is read back through each table, and only a whole label with the right check digits
counts.
"""

from __future__ import annotations

from protocols.barcodes.errors import BarcodeError, WrongKeyboardLayout
from protocols.barcodes.labels import is_label, read_label
from protocols.enrolment import is_whole_code

_US_DIGITS_SHIFTED = "!@#$%^&*()"

# What a US reading shows (left) for what was printed (right).
_GERMAN = str.maketrans("/yYzZ", "-zZyY")
_EUROPEAN = str.maketrans("/", "-")
_FRENCH = str.maketrans(
    _US_DIGITS_SHIFTED + "<" + '"' + "6" + "qawzQAWZ;:",
    "1234567890" + "." + "%" + "-" + "aqzwAQZWmM",
)

LAYOUTS = {
    "German (QWERTZ)": _GERMAN,
    "Spanish, Italian or Nordic": _EUROPEAN,
    "French (AZERTY)": _FRENCH,
}
_LABELS_BEGIN = ("%", '"')


def refuse_other_layout(text: str) -> None:
    """Raises WrongKeyboardLayout if the text is one of our labels seen through another layout."""
    if not text.startswith(_LABELS_BEGIN):
        return
    for name, table in LAYOUTS.items():
        if _is_whole_label(text.translate(table)):
            raise WrongKeyboardLayout(text, name)


def _is_whole_label(text: str) -> bool:
    if is_whole_code(text):
        return True
    try:
        return is_label(text) and bool(read_label(text))
    except BarcodeError:
        return False
