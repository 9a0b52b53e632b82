"""Barcodes: what a scan is, and what to print. Pure text in, frozen values out; no devices.

Labels of ours, printed as Code 128 (a supervisor needs nothing else than this page):

| label   | content                       | example            |
|---------|-------------------------------|--------------------|
| bin     | `%B` code `.` check digits    | `%BB-14-03-2.62`   |
| tote    | `%T` code `.` check digits    | `%TT-0042.51`      |
| badge   | `%U` code `.` check digits    | `%UMARIA.92`       |
| command | `%C` name `.` check digits    | `%CSHORT.25`       |

`%E…` is an enrolment code, shown as QR by the hub: its form is `protocols/enrolment.py`'s.

A code is 1 to 24 letters and digits in groups joined by single hyphens; case does not matter. The
check digits (`check_digits`) are also printed large beside the code: typed by hand they confirm a
bin, and code and digits together (`printed_code`) stand in for a tote's label.
`scanner_check_label` is a GS1-128 for the command sheet: scanned once, it proves that the scanner
sends FNC1 as GS and types as a US keyboard. How the digits are made: `labels`. What a missing FNC1
is: `element_strings`. What other countries' keyboards make of a label: `layouts`.
"""

from protocols.barcodes.associations import check_associations
from protocols.barcodes.classify import BARCODE_CHARS_MAX, classify, scanner_check_label
from protocols.barcodes.digital_link import digital_link, read_digital_link
from protocols.barcodes.element_strings import (
    bracketed,
    element_string,
    read_bracketed,
    read_element_string,
)
from protocols.barcodes.elements import GS, Element
from protocols.barcodes.errors import BarcodeError
from protocols.barcodes.gtin import check_digit, gtin14
from protocols.barcodes.labels import (
    badge_label,
    bin_label,
    check_digits,
    command_label,
    confirms_bin,
    is_code,
    printed_code,
    tote_label,
)
from protocols.barcodes.scans import (
    BadgeLabel,
    BinLabel,
    Command,
    CommandName,
    EnrolmentLabel,
    ItemCode,
    PlainData,
    RawScan,
    Scan,
    ScannerCheck,
    ToteLabel,
)

__all__ = [
    "BARCODE_CHARS_MAX",
    "GS",
    "BadgeLabel",
    "BarcodeError",
    "BinLabel",
    "Command",
    "CommandName",
    "Element",
    "EnrolmentLabel",
    "ItemCode",
    "PlainData",
    "RawScan",
    "Scan",
    "ScannerCheck",
    "ToteLabel",
    "badge_label",
    "bin_label",
    "bracketed",
    "check_associations",
    "check_digit",
    "check_digits",
    "classify",
    "command_label",
    "confirms_bin",
    "digital_link",
    "element_string",
    "gtin14",
    "is_code",
    "printed_code",
    "read_bracketed",
    "read_digital_link",
    "read_element_string",
    "scanner_check_label",
    "tote_label",
]
