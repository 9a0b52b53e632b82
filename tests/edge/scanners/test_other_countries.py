"""Scanners that type for another country: read right, or refused with what to scan; never wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.keymap import (
    EV_KEY,
    EV_SYN,
    KEY_102ND,
    KEY_ALTGR,
    KEY_DOWN,
    KEY_ENTER,
    KEY_UP,
    SYN_REPORT,
    UNKNOWN_KEY,
    US_KEYS,
    KeyReader,
)
from edge.scanners.makers import BY_VENDOR, UNKNOWN_MAKER, maker_of
from protocols.barcodes import (
    GS,
    RawScan,
    badge_label,
    bin_label,
    check_digit,
    scanner_check_label,
    tote_label,
)
from protocols.barcodes.errors import WrongKeyboardLayout
from protocols.barcodes.keyboards import ALTGR, OTHERS, PLAIN, SHIFTED, US, Keyboard

WRONG_LAYOUT = WrongKeyboardLayout.code
SHIFT, CTRL, RIGHT_BRACKET = 42, 29, 27
CODE_OF = {plain: code for code, (plain, _) in US_KEYS.items()} | {"<": KEY_102ND}
MODIFIERS = {PLAIN: (), SHIFTED: (SHIFT,), ALTGR: (KEY_ALTGR,)}
CODES = st.from_regex(r"[0-9A-Z]{1,6}(-[0-9A-Z]{1,4}){0,3}", fullmatch=True)
LABELS = st.builds(
    lambda label, code: label(code), st.sampled_from([bin_label, tote_label, badge_label]), CODES
)
EANS = st.text("0123456789", min_size=12, max_size=12).map(lambda text: text + check_digit(text))
KEYBOARDS = st.sampled_from(OTHERS)


def scanned(keyboard: Keyboard, text: str, reader: KeyReader | None = None) -> list[Reading]:
    """What the driver gives when a scanner that is set to this keyboard scans the text."""
    reader = reader or KeyReader()
    readings: list[Reading] = []
    for char in text:
        if char == GS:
            readings += press(reader, CTRL, RIGHT_BRACKET)
        for key, level in keyboard.strokes(char):
            readings += press(reader, *MODIFIERS[level], CODE_OF[key])
    return readings + press(reader, KEY_ENTER)


def press(reader: KeyReader, *codes: int) -> list[Reading]:
    events = [(code, KEY_DOWN) for code in codes] + [(code, KEY_UP) for code in reversed(codes)]
    readings: list[Reading] = []
    for code, value in events:
        readings += reader.feed(EV_KEY, code, value) + reader.feed(EV_SYN, SYN_REPORT, 0)
    return readings


def faults(readings: list[Reading]) -> set[str]:
    return {reading.code for reading in readings if isinstance(reading, ScannerFault)}


@given(KEYBOARDS, LABELS)
def test_a_label_is_read_right_or_the_keyboard_is_named(keyboard: Keyboard, label: str) -> None:
    readings = scanned(keyboard, label)
    assert readings == [RawScan(label)] or faults(readings) == {WRONG_LAYOUT}


@given(KEYBOARDS, EANS)
def test_an_ean_is_read_right_everywhere_but_where_digits_need_shift(
    keyboard: Keyboard, ean: str
) -> None:
    readings = scanned(keyboard, ean)
    if "AZERTY" in keyboard.name:
        assert faults(readings) == {WRONG_LAYOUT}
    else:
        assert readings == [RawScan(ean)]


@given(KEYBOARDS, st.sampled_from(["]E0", "]C1", "]d2"]), EANS)
def test_an_aim_identifier_names_every_keyboard_but_the_british(
    keyboard: Keyboard, identifier: str, ean: str
) -> None:
    readings = scanned(keyboard, identifier + ean)
    if keyboard.name == "British":
        assert readings == [RawScan(identifier + ean)]
    else:
        assert faults(readings) == {WRONG_LAYOUT}


@pytest.mark.parametrize("keyboard", OTHERS, ids=lambda keyboard: keyboard.name)
def test_the_check_code_is_never_right_on_another_keyboard(keyboard: Keyboard) -> None:
    (fault,) = scanned(keyboard, scanner_check_label())
    assert isinstance(fault, ScannerFault)
    assert fault.code == WRONG_LAYOUT
    assert keyboard.name in fault.text


def test_the_check_code_of_a_us_scanner_is_right() -> None:
    assert scanned(US, scanner_check_label()) == [RawScan(scanner_check_label())]


def test_the_scan_after_a_refused_one_is_read_as_if_nothing_had_been() -> None:
    german = next(keyboard for keyboard in OTHERS if keyboard.name.startswith("German"))
    reader = KeyReader()
    assert faults(scanned(german, bin_label("Z-1"), reader)) == {WRONG_LAYOUT}
    assert scanned(US, bin_label("Z-1"), reader) == [RawScan(bin_label("Z-1"))]


@pytest.mark.parametrize("vendor", [*BY_VENDOR, 0x1234])
def test_a_person_is_sent_to_the_makers_own_manual(vendor: int) -> None:
    maker = maker_of(vendor)
    french = next(keyboard for keyboard in OTHERS if keyboard.name.startswith("French"))
    (fault,) = scanned(french, bin_label("A-1"), KeyReader(maker=maker))
    assert isinstance(fault, ScannerFault)
    assert fault.text.endswith(maker.us_keys)
    assert maker.name in fault.text
    assert (maker is UNKNOWN_MAKER) == (vendor == 0x1234)


def test_a_key_that_gives_no_country_away_still_says_what_to_scan() -> None:
    reader = KeyReader(maker=BY_VENDOR[0x05E0])
    (fault,) = press(reader, KEY_102ND) + press(reader, KEY_ENTER)
    assert isinstance(fault, ScannerFault)
    assert fault.code == UNKNOWN_KEY
    assert "Zebra" in fault.text
