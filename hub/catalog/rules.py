"""What an article's codes and names may be. Pure; owns the forms under which they are compared."""

from __future__ import annotations

from typing import Final

from hub.errors import BadValue
from protocols.barcodes import BarcodeError, gtin14

SKU_CHARS_MAX: Final = 64
CODE_CHARS_MAX: Final = 64
NAME_CHARS_MAX: Final = 200
STATUSES: Final = ("ACTIVE", "BLOCKED", "RETIRED")
"""ACTIVE is sold; BLOCKED is not for the moment; RETIRED never again. All three may be in stock."""


def clean_sku(sku: str) -> str:
    """A SKU as it is kept; raises BadValue."""
    return _clean("sku", sku, SKU_CHARS_MAX)


def sku_key(sku: str) -> str:
    """The form by which SKUs are compared: `85123a` and `85123A` are one article."""
    return sku.strip().casefold()


def clean_name(name: str) -> str:
    """A name as it is kept: outer blanks go; raises BadValue."""
    return _clean("name", name, NAME_CHARS_MAX)


def normal_code(code: str) -> str:
    """A barcode as it is kept and looked up: GTINs in 14 digits, others as they are.

    Digits whose check digit is wrong are no GTIN, and stay what they are. Raises BadValue.
    """
    kept = _clean("code", code, CODE_CHARS_MAX)
    try:
        return gtin14(kept)
    except BarcodeError:
        return kept


def clean_status(status: str) -> str:
    """The status as it came. Raises BadValue for one that articles do not have."""
    if status not in STATUSES:
        raise BadValue("status", status, "use one of " + ", ".join(STATUSES))
    return status


def _clean(field: str, text: str, chars_max: int) -> str:
    kept = text.strip()
    if not kept:
        raise BadValue(field, text, "it must not be empty")
    if len(kept) > chars_max or not kept.isprintable():
        raise BadValue(field, text, f"use 1 to {chars_max} printable characters")
    return kept
