"""What the rows of UCI Online Retail files become. Pure; docs/import.md explains each choice."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Document = Literal["order", "credit", "charges"]
RowKind = Literal["order_line", "credit", "charge", "adjustment", "refusal"]

SERVICES: Final = {
    "post": "postage",
    "dot": "postage",
    "c2": "carriage",
    "m": "manual",
    "d": "discount",
    "s": "samples",
    "b": "bad_debt",
    "bank charges": "bank_charges",
    "amazonfee": "marketplace_fee",
    "cruk": "commission",
}
"""Stock codes (casefolded) that are no article → kind of charge. PADS, DCGS… are articles."""
VOUCHER_PREFIX: Final = "gift_"
TEST_PREFIX: Final = "test"
_CREDIT: Final = re.compile(r"[Cc]\d")
_CHARGES: Final = re.compile(r"[Aa]\d")


class Decision(NamedTuple):
    """What a row becomes; `detail` is the kind of charge or the refusal's code."""

    kind: RowKind
    detail: str = ""


REFUSALS: Final = {
    "NOTHING_ORDERED": "the quantity is 0",
    "TEST_ARTICLE": "a test code is no article",
    "POSITIVE_CREDIT": "a credit takes goods back, so its quantity is below zero",
    "PRICE_BELOW_ZERO": "an article's price is not below zero",
    "DOCUMENT_KNOWN": "this document came with another file, and was left as it is",
}


def document_kind(invoice: str) -> Document:
    """C credits, A charges, everything else sells."""
    if _CREDIT.match(invoice):
        return "credit"
    return "charges" if _CHARGES.match(invoice) else "order"


@lru_cache(maxsize=8_192)
def service_of(code: str) -> str:
    """The kind of charge that a stock code stands for; empty for an article."""
    key = code.strip().casefold()
    return "gift_voucher" if key.startswith(VOUCHER_PREFIX) else SERVICES.get(key, "")


def decide_row(document: Document, code: str, quantity: int, price_micros: int) -> Decision:
    """What one row becomes. Every row becomes exactly one thing."""
    if quantity == 0:
        return Decision("refusal", "NOTHING_ORDERED")
    if code.casefold().startswith(TEST_PREFIX):
        return Decision("refusal", "TEST_ARTICLE")
    service = service_of(code)
    if service or document == "charges":
        return Decision("charge", service or "other")
    if document == "credit":
        return Decision("credit") if quantity < 0 else Decision("refusal", "POSITIVE_CREDIT")
    if quantity < 0:
        return Decision("adjustment")
    return Decision("refusal", "PRICE_BELOW_ZERO") if price_micros < 0 else Decision("order_line")
