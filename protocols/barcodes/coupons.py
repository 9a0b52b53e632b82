"""North American coupon data in AIs 8110 and 8112 (GS1 US, coupons in GS1 DataBar Expanded).

Reads the fields one after the other and names the first that is wrong. It checks form only; what
a coupon is worth is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.barcodes.dates import yymmdd
from protocols.barcodes.gtin import is_digits

_REQUIREMENT_CODES = "012349"
_SAVE_VALUE_CODES = "01256"
_NO_COMPANY_PREFIX = "9"


class _Wrong(Exception):
    """The first field that does not fit, under GS1's name."""


class _Fields:
    """A cursor over the digits. Each step takes a field or raises `_Wrong`."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._at = 0

    def next_option(self, option: str) -> bool:
        """Whether this optional field comes next; if so its number is taken."""
        is_next = self._digits[self._at : self._at + 1] == option
        self._at += is_next
        return is_next

    def code(self, allowed: str, what: str) -> str:
        digit = self._digits[self._at : self._at + 1]
        if not digit:
            raise _Wrong(f"COUPON_MISSING_{what}")
        if digit not in allowed:
            raise _Wrong(f"COUPON_INVALID_{what}")
        self._at += 1
        return digit

    def fixed(self, length: int, lint: str) -> str:
        taken = self._digits[self._at : self._at + length]
        if len(taken) < length:
            raise _Wrong(lint)
        self._at += length
        return taken

    def sized(self, allowed: str, plus: int, what: str) -> None:
        """A field behind its own length digit."""
        digit = self._digits[self._at : self._at + 1]
        if not digit:
            raise _Wrong(f"COUPON_MISSING_{what}_VLI")
        if digit not in allowed:
            raise _Wrong(f"COUPON_INVALID_{what}_LENGTH")
        self._at += 1
        self.fixed(int(digit) + plus, f"COUPON_TRUNCATED_{what}")

    def end(self) -> None:
        if self._at < len(self._digits):
            raise _Wrong("COUPON_EXCESS_DATA")


def couponcode(text: str) -> str | None:
    """AI 8110."""
    return _first_wrong(text, _read_coupon)


def couponposoffer(text: str) -> str | None:
    """AI 8112."""
    return _first_wrong(text, _read_positive_offer)


def _first_wrong(text: str, read: Callable[[_Fields], None]) -> str | None:
    if text and not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    try:
        read(_Fields(text))
    except _Wrong as wrong:
        return str(wrong)
    return None


def _read_positive_offer(fields: _Fields) -> None:
    fields.code("01", "FORMAT_CODE")
    fields.sized("0123456", 6, "FUNDER")
    fields.fixed(6, "COUPON_TRUNCATED_OFFER_CODE")
    fields.sized("0123456789", 6, "SERIAL_NUMBER")
    fields.end()


def _read_coupon(fields: _Fields) -> None:
    fields.sized("0123456", 6, "GCP")
    fields.fixed(6, "COUPON_TRUNCATED_OFFER_CODE")
    fields.sized("12345", 0, "SAVE_VALUE")
    _read_purchase(fields, "1ST")
    if fields.next_option("1"):
        fields.code("0123", "ADDITIONAL_PURCHASE_RULES_CODE")
        _read_purchase(fields, "2ND")
        _read_purchase_prefix(fields, "2ND")
    if fields.next_option("2"):
        _read_purchase(fields, "3RD")
        _read_purchase_prefix(fields, "3RD")
    _read_dates(fields)
    if fields.next_option("5"):
        fields.sized("0123456789", 6, "SERIAL_NUMBER")
    if fields.next_option("6"):
        fields.sized("1234567", 6, "RETAILER_GCP_OR_GLN")
    if fields.next_option("9"):
        _read_flags(fields)
    fields.end()


def _read_purchase(fields: _Fields, which: str) -> None:
    fields.sized("12345", 0, f"{which}_PURCHASE_REQUIREMENT")
    fields.code(_REQUIREMENT_CODES, f"{which}_PURCHASE_REQUIREMENT_CODE")
    fields.fixed(3, f"COUPON_TRUNCATED_{which}_PURCHASE_FAMILY_CODE")


def _read_purchase_prefix(fields: _Fields, which: str) -> None:
    if not fields.next_option(_NO_COMPANY_PREFIX):
        fields.sized("0123456", 6, f"{which}_PURCHASE_GCP")


def _read_dates(fields: _Fields) -> None:
    expiry = start = None
    if fields.next_option("3"):
        expiry = _read_date(fields, "EXPIRATION")
    if fields.next_option("4"):
        start = _read_date(fields, "START")
    if expiry and start and expiry < start:
        raise _Wrong("COUPON_EXPIRATION_BEFORE_START")


def _read_date(fields: _Fields, what: str) -> str:
    date = fields.fixed(6, f"COUPON_TOO_SHORT_FOR_{what}_DATE")
    if yymmdd(date):
        raise _Wrong(f"COUPON_INVALID_{what}_DATE")
    return date


def _read_flags(fields: _Fields) -> None:
    fields.code(_SAVE_VALUE_CODES, "SAVE_VALUE_CODE")
    fields.code("012", "SAVE_VALUE_APPLIES_TO_ITEM")
    fields.code("0123456789", "STORE_COUPON_FLAG")
    fields.code("01", "DONT_MULTIPLY_FLAG")
