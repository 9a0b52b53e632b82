"""Who made a scanner, by its USB vendor, and what its manual calls the setting for US keys.

Owns names alone. No maker publishes the content of these barcodes in a form that may be printed by
others, so a person is told which one to scan in the manual; docs/scanners.md gives the sources.
Vendor numbers are those of the list usb.ids.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Maker(msgspec.Struct, frozen=True):
    """`us_keys` is a whole sentence: what to scan so that the scanner types as a US keyboard."""

    name: str
    us_keys: str


UNKNOWN_MAKER: Final = Maker(
    "",
    "Scan the configuration barcode 'US English keyboard' in the scanner's manual, then scan "
    "again.",
)

_ZEBRA: Final = Maker(
    "Zebra",
    "Scan 'North American Standard USB Keyboard' under 'USB Country Keyboard Types' in the Zebra "
    "manual, then scan again.",
)
_HONEYWELL: Final = Maker(
    "Honeywell",
    "Scan 'United States' under 'Keyboard Country Layout' in the Honeywell manual, then scan "
    "again.",
)
_DATALOGIC: Final = Maker(
    "Datalogic",
    "In the Datalogic manual scan 'Enter/Exit Programming Mode', then 'U.S.' under 'Country "
    "Mode', then the first one again. Then scan again.",
)
_NEWLAND: Final = Maker(
    "Newland",
    "In the Newland manual scan 'Enter Setup', then the U.S. one under 'Keyboard Layout' (KBWCTY), "
    "then 'Exit Setup'. Then scan again.",
)

BY_VENDOR: Final = {
    0x05E0: _ZEBRA,  # Symbol Technologies
    0x0C2E: _HONEYWELL,  # Metrologic Instruments
    0x0536: _HONEYWELL,  # Hand Held Products
    0x05F9: _DATALOGIC,  # PSC Scanning
    0x1EAB: _NEWLAND,
}


def maker_of(vendor: int) -> Maker:
    """The maker, or one without a name whose advice fits all."""
    return BY_VENDOR.get(vendor, UNKNOWN_MAKER)
