"""What a scan is. Owns the order of the questions; each answer belongs to a sibling module.

With AIM identifiers the symbology decides. Without them only what proves itself counts: our own
prefix, a separator, brackets, a check digit. Whatever proves nothing is plain data, never guessed.
"""

from __future__ import annotations

from protocols.barcodes.digital_link import is_digital_link, read_digital_link
from protocols.barcodes.element_strings import element_string, read_bracketed, read_element_string
from protocols.barcodes.elements import GS, Element
from protocols.barcodes.errors import (
    BarcodeError,
    EmptyScan,
    MissingFnc1,
    MissingSymbologyIdentifier,
    ScanTooLong,
    UnknownSymbologyIdentifier,
    WrongKeyboardLayout,
)
from protocols.barcodes.gtin import (
    fixed_gtin,
    has_right_check_digit,
    is_digits,
    read_eight_digits,
)
from protocols.barcodes.labels import Label, is_label, read_label
from protocols.barcodes.layouts import CHECK_CODE, refuse_other_layout
from protocols.barcodes.scans import (
    EnrolmentLabel,
    ItemCode,
    PlainData,
    RawScan,
    Scan,
    ScannerCheck,
)
from protocols.barcodes.symbologies import (
    COMPOSITE_LINK,
    EAN8,
    EAN13_UPC,
    EAN13_WITH_ADD_ON,
    GS1_SYMBOLOGIES,
    IDENTIFIER_CHARS,
    ITF_CHECKED,
    split_identifier,
)
from protocols.enrolment import CODE_PREFIX, is_code, is_whole_code

BARCODE_CHARS_MAX = 7_089
"""The most digits that the largest QR code holds."""

_GTIN_LENGTHS_PLAIN = (12, 13, 14)
_PROVEN_KEYS = ("00", "01", "02")
_PROVEN_CHARS_MIN = 16


def classify(scan: RawScan | str, *, aim: bool, sends_fnc1: bool = False) -> Scan:
    """What the scan is.

    `aim` says that this scanner sends AIM identifiers, so text without one is refused, except for
    the forms that no symbol has: "(01)..." and a Digital Link, typed or pasted. Typed text is
    classified with `aim=False`. `sends_fnc1` is remembered by the caller once the scanner's check
    code came back as `ScannerCheck`.

    Raises nothing but BarcodeError and its kinds. Pure: the same scan always gives the same answer.
    """
    raw = RawScan(scan) if isinstance(scan, str) else scan
    if len(raw.text) > BARCODE_CHARS_MAX:
        raise ScanTooLong(len(raw.text), BARCODE_CHARS_MAX)
    symbology, data = _split(raw)
    if symbology is not None:
        return _by_symbology(symbology, data, sends_fnc1)
    if not data:
        raise MissingSymbologyIdentifier(data) if aim else EmptyScan
    return _typed_form(data) or (_refuse(data) if aim else _by_proof(data, sends_fnc1))


def scanner_check_label() -> str:
    """The content of the check code: a GS1-128 that shows whether FNC1 and US keys are sent."""
    return element_string(CHECK_CODE)


def _split(raw: RawScan) -> tuple[str | None, str]:
    if raw.symbology is None:
        return split_identifier(raw.text)
    if split_identifier(raw.symbology) != (raw.symbology, ""):
        raise UnknownSymbologyIdentifier(raw.symbology)
    return raw.symbology, raw.text


def _refuse(data: str) -> Scan:
    if data.startswith("]") and len(data) >= IDENTIFIER_CHARS:
        raise UnknownSymbologyIdentifier(data[:IDENTIFIER_CHARS])
    raise MissingSymbologyIdentifier(data)


def _typed_form(data: str) -> Scan | None:
    """The two forms that are as clear without an identifier as with one."""
    if data.startswith("(") and data[1:2].isdigit():
        return _item(data, None, read_bracketed(data))
    if is_digital_link(data):
        return _item(data, None, read_digital_link(data))
    return None


def _by_symbology(symbology: str, data: str, sends_fnc1: bool) -> Scan:
    if symbology in GS1_SYMBOLOGIES:
        return _elements(data, symbology, sends_fnc1)
    if symbology in (EAN13_UPC, EAN8):
        return _retail(data, symbology)
    if symbology == EAN13_WITH_ADD_ON:
        return ItemCode(data, _ean13(data[:13]), symbology=symbology)
    if symbology == ITF_CHECKED and len(data) == 14:
        return ItemCode(data, fixed_gtin(data, "The ITF-14", 14), symbology=symbology)
    return _plain(data, symbology)


def _elements(data: str, symbology: str | None, sends_fnc1: bool) -> Scan:
    _refuse_failed_check(data)
    reading = read_element_string(data, sends_fnc1=sends_fnc1)
    if reading.elements == CHECK_CODE:
        return ScannerCheck()
    return _item(data, symbology, reading.elements, reading.doubt)


def _refuse_failed_check(data: str) -> None:
    (ai, value), (hidden, name) = CHECK_CODE
    if data == f"{ai}{value}{hidden}{name}":
        raise MissingFnc1(ai, data[len(ai) :], hidden)


def _item(
    data: str, symbology: str | None, elements: tuple[Element, ...], doubt: str | None = None
) -> ItemCode:
    gtin = next((value for ai, value in elements if ai == "01"), None)
    return ItemCode(data, gtin, elements, symbology, doubt=doubt)


def _retail(data: str, symbology: str) -> ItemCode:
    """EAN, UPC and their composites, of which the linear part is the GTIN."""
    primary, link, component = data.partition(COMPOSITE_LINK)
    gtin = _ean13(primary) if symbology == EAN13_UPC else fixed_gtin(primary, "The EAN-8", 8)
    elements = read_element_string(component).elements if link else None
    return ItemCode(data, gtin, elements, symbology)


def _ean13(primary: str) -> str:
    return fixed_gtin(primary, "The EAN-13 or UPC (sent as 13 digits)", 13)


def _plain(data: str, symbology: str | None) -> Scan:
    label = _enrolment(data) or _label(data)
    if label is not None:
        return label
    if is_digital_link(data):
        return _item(data, symbology, read_digital_link(data))
    if len(data) in _GTIN_LENGTHS_PLAIN and is_digits(data) and has_right_check_digit(data):
        return ItemCode(data, data.zfill(14), symbology=symbology)
    return PlainData(data, symbology)


def _label(data: str) -> Label | None:
    """One of our labels; a bad one is first looked at through other countries' keyboards."""
    if not is_label(data):
        refuse_other_layout(data)
        return None
    try:
        return read_label(data)
    except BarcodeError:
        refuse_other_layout(data)
        raise


def _enrolment(data: str) -> EnrolmentLabel | None:
    """One that is not whole may be seen through another keyboard; otherwise its reader refuses."""
    if not is_code(data):
        return None
    if not is_whole_code(data):
        _refuse_other_layout_of_code(data)
    return EnrolmentLabel(data)


def _refuse_other_layout_of_code(data: str) -> None:
    """Its secret is in nobody's sentence."""
    try:
        refuse_other_layout(data)
    except WrongKeyboardLayout as wrong:
        raise WrongKeyboardLayout(f"{CODE_PREFIX}…", wrong.layout) from None


def _by_proof(data: str, sends_fnc1: bool) -> Scan:
    if GS in data or _begins_with_proven_key(data):
        return _elements(data, None, sends_fnc1)
    if is_digits(data) and len(data) == 8:
        gtin, other = read_eight_digits(data)
        return ItemCode(data, gtin, other_gtin=other) if gtin else PlainData(data)
    if is_digits(data) and len(data) in _GTIN_LENGTHS_PLAIN:
        return ItemCode(data, fixed_gtin(data, "The GTIN", *_GTIN_LENGTHS_PLAIN))
    _refuse_failed_check(data)
    return _plain(data, None)


def _begins_with_proven_key(data: str) -> bool:
    """A GTIN or SSCC in front, check digit and all: one plain number in a thousand has that."""
    key_chars = 20 if data.startswith("00") else _PROVEN_CHARS_MIN
    key = data[:key_chars]
    is_key = data.startswith(_PROVEN_KEYS) and len(key) == key_chars and is_digits(key)
    return is_key and has_right_check_digit(key[2:])
