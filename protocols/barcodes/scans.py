"""The values that go in and out of `classify`: what a scanner sent, and what it turned out to be.

Frozen and tagged, so that a scan can be logged, replayed and matched on. No parsing here.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from protocols.barcodes.elements import Element


class RawScan(msgspec.Struct, frozen=True):
    """One scan as the driver framed it.

    `symbology` is the AIM identifier such as "]C1" when the driver has taken it off the text;
    None means that it may still stand at the front of the text.
    """

    text: str
    symbology: str | None = None


class CommandName(StrEnum):
    """What a picker says by scanning; each is printed on the command sheet."""

    SHORT = "SHORT"
    SKIP = "SKIP"
    UNDO = "UNDO"
    YES = "YES"
    NO = "NO"
    DONE = "DONE"
    HELP = "HELP"
    LOGOUT = "LOGOUT"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CALL = "CALL"
    NEXT = "NEXT"
    REPEAT = "REPEAT"


class BinLabel(msgspec.Struct, frozen=True, tag="bin"):
    """A bin, confirmed by its barcode; `check` is the digit pair that is also printed on it."""

    code: str
    check: str


class ToteLabel(msgspec.Struct, frozen=True, tag="tote"):
    code: str
    check: str


class BadgeLabel(msgspec.Struct, frozen=True, tag="badge"):
    code: str
    check: str


class Command(msgspec.Struct, frozen=True, tag="command"):
    name: CommandName


class EnrolmentLabel(msgspec.Struct, frozen=True, tag="enrolment"):
    """A code that makes this device one of a site; `protocols.enrolment.read_code` reads it.

    It holds a secret, which no message to people repeats.
    """

    text: str

    def __repr__(self) -> str:
        """Without the secret."""
        return "EnrolmentLabel(…)"


class ScannerCheck(msgspec.Struct, frozen=True, tag="scanner_check"):
    """The scanner's check code arrived whole: it sends FNC1 as GS and types for a US keyboard."""


class ItemCode(msgspec.Struct, frozen=True, tag="item"):
    """A GTIN, or GS1 elements in the order read, or both.

    `data` is the text without symbology identifier. `gtin` has 14 digits. `other_gtin` is set when
    eight digits are a valid EAN-8 and a valid UPC-E at once and the scanner did not say which:
    look up both. `doubt` names an application identifier that may be hidden in the last value
    because the message has no separator at all; the elements are then those of the standard's
    own reading.
    """

    data: str
    gtin: str | None = None
    ais: tuple[Element, ...] | None = None
    symbology: str | None = None
    other_gtin: str | None = None
    doubt: str | None = None

    def value_of(self, ai: str) -> str | None:
        """The value of the first element with this application identifier."""
        return next((value for found, value in self.ais or () if found == ai), None)


class PlainData(msgspec.Struct, frozen=True, tag="plain"):
    """Text that is none of the above: a supplier's own code, an item number, something typed."""

    data: str
    symbology: str | None = None


Scan = (
    BinLabel
    | ToteLabel
    | BadgeLabel
    | Command
    | EnrolmentLabel
    | ScannerCheck
    | ItemCode
    | PlainData
)
