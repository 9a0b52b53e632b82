"""GTINs: EAN-8, EAN-13, UPC-A, UPC-E, GTIN-14. Owns the 14-digit form that every look-up uses.

The expansion of UPC-E is biip's, loaded when the first one is scanned: with its tables of company
prefixes biip takes 19 MB in every process that imports it (measured).
"""

from __future__ import annotations

from protocols.barcodes.errors import BadCheckDigit, NotDigits, WrongLength

GTIN_LENGTHS = (8, 12, 13, 14)


def is_digits(text: str) -> bool:
    """ASCII digits only; `str.isdigit` also takes Arabic and superscript ones."""
    return text.isascii() and text.isdigit()


def check_digit(payload: str) -> str:
    """The GS1 check digit of digits that lack it."""
    weighed = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(payload)))
    return str(-weighed % 10)


def has_right_check_digit(digits: str) -> bool:
    return check_digit(digits[:-1]) == digits[-1]


def gtin14(text: str) -> str:
    """The 14-digit form of a GTIN-8, -12, -13 or -14.

    Refuses NotDigits, WrongLength and BadCheckDigit. UPC-E is not among them: see `expand_upc_e`.
    """
    return fixed_gtin(text, "The GTIN", *GTIN_LENGTHS)


def fixed_gtin(text: str, what: str, *lengths: int) -> str:
    """Like `gtin14`, for a symbol that allows only some lengths and that `what` names."""
    if not is_digits(text):
        raise NotDigits(what, text)
    if len(text) not in lengths:
        raise WrongLength(what, text, " or ".join(map(str, lengths)))
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        raise BadCheckDigit(what[0].lower() + what[1:], text, expected, text[-1])
    return text.zfill(14)


def expand_upc_e(text: str) -> str | None:
    """The 14-digit GTIN of an 8-digit UPC-E, or None if the digits are none."""
    if len(text) != 8 or not is_digits(text) or text[0] not in "01":
        return None
    from biip import ParseError
    from biip.upc import Upc

    try:
        return Upc.parse(text).as_gtin_14()
    except ParseError:
        return None


def read_eight_digits(text: str) -> tuple[str | None, str | None]:
    """Eight digits of unknown symbology as (gtin, other_gtin); two only when both readings fit."""
    ean8 = text.zfill(14) if has_right_check_digit(text) else None
    upc_e = expand_upc_e(text)
    return (ean8, upc_e) if ean8 else (upc_e, None)
