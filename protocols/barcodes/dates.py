"""Dates as GS1 writes them. Owns the calendar of two-digit years; a linter's rules apply.

Returns None, or GS1's name for what is wrong. No clock: which century is meant is the reader's.
"""

from __future__ import annotations

from protocols.barcodes.gtin import is_digits


def yymmdd(text: str) -> str | None:
    return yymmd0(text) or ("ILLEGAL_DAY" if text.endswith("00") else None)


def yymmd0(text: str) -> str | None:
    """A date with a two-digit year; the year 00 is a leap year in every century that can be meant.

    Day 00 stands for the last of the month.
    """
    if len(text) != 6:
        return "DATE_TOO_SHORT" if len(text) < 6 else "DATE_TOO_LONG"
    return _date("20" + text)


def yyyymmdd(text: str) -> str | None:
    if len(text) != 8:
        return "DATE_TOO_SHORT" if len(text) < 8 else "DATE_TOO_LONG"
    return _date(text) or ("ILLEGAL_DAY" if text.endswith("00") else None)


def _date(text: str) -> str | None:
    if not is_digits(text):
        return "NON_DIGIT_CHARACTER"
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if not 1 <= month <= 12:
        return "ILLEGAL_MONTH"
    return None if day <= _days_in(year, month) else "ILLEGAL_DAY"


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
