"""What people typed, read one field at a time; refuses with BadValue by the field's name."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from flask import request

from hub.errors import BadValue, NotFound
from hub.ids import NIL

TEXT_MAX = 400
ID_HEX = 2 * len(NIL)
COUNT_MAX = 10**9
DIGITS: Final = re.compile(r"-?[0-9]{1,18}")
"""Whole numbers. Python's own reader also takes `1_0` and gives up beyond 4,300 digits."""
PRICE: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


def words(field: str, *, is_needed: bool = True, signs_max: int = TEXT_MAX) -> str:
    """A line of text without its outer blanks."""
    value = request.form.get(field, "").strip()
    if is_needed and not value:
        raise BadValue(field, value, "fill it in")
    if len(value) > signs_max or not value.isprintable():
        raise BadValue(field, value[:40], f"use at most {signs_max} signs on one line")
    return value


def optional(field: str) -> str | None:
    return words(field, is_needed=False) or None


def count(field: str, *, least: int = 1) -> int:
    """A whole number of base units."""
    value = request.form.get(field, "").strip().replace("\u202f", "")
    if not DIGITS.fullmatch(value):
        raise BadValue(field, value[:40], "use a whole number")
    number = int(value)
    if not least <= number <= COUNT_MAX:
        raise BadValue(field, number, f"use {least} to {COUNT_MAX}")
    return number


def price_micros(field: str) -> int:
    """A price in the major unit, at most six decimals, as 1/1,000,000."""
    value = request.form.get(field, "").strip() or "0"
    if not PRICE.fullmatch(value):
        raise BadValue(field, value[:40], "use a number such as 2.55")
    micros = Decimal(value) * 1_000_000
    if micros != micros.to_integral_value() or not 0 <= micros < 10**15:
        raise BadValue(field, value, "use 0 or more, with at most six decimals")
    return int(micros)


def is_ticked(field: str) -> bool:
    return field in request.form


def id_of(what: str, text: str) -> bytes:
    """32 hexadecimal digits from an address or a form; NotFound for anything else."""
    try:
        id = bytes.fromhex(text)
    except ValueError:
        id = b""
    if len(text) != ID_HEX or len(id) != len(NIL):
        raise NotFound(what, text[:ID_HEX])
    return id
