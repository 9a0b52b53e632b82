"""Other countries' keyboards: what they make of a code, and how a code gives them away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.barcodes import (
    badge_label,
    bin_label,
    check_digit,
    classify,
    scanner_check_label,
    tote_label,
)
from protocols.barcodes.errors import WrongKeyboardLayout
from protocols.barcodes.keyboards import KEYS, LITERAL, OTHERS, US, Keyboard, Stroke
from protocols.barcodes.layouts import keyboards_behind, name_of

ASCII = [chr(code) for code in range(32, 127)]
NAMES = [keyboard.name for keyboard in OTHERS]
CODES = st.from_regex(r"[0-9A-Z]{1,6}(-[0-9A-Z]{1,4}){0,3}", fullmatch=True)
UNLIKE_US = st.sampled_from([keyboard for keyboard in OTHERS if keyboard.name != "British"])
NO_SUCH_KEY = {"Italian": set("`{}~")}
"""Italians type these by their number."""
CHECK_KEYS = scanner_check_label().replace("\x1d", "")


def as_us(strokes: list[Stroke]) -> str:
    """What a driver shows that reads every scanner as a US keyboard; "?" for what it lacks."""
    return "".join(US.character(stroke) or "?" for stroke in strokes)


@pytest.mark.parametrize("keyboard", [US, *OTHERS], ids=lambda keyboard: keyboard.name)
def test_each_keyboard_types_all_of_ascii(keyboard: Keyboard) -> None:
    missing = {char for char in ASCII if not keyboard.strokes(char)}
    assert missing == NO_SUCH_KEY.get(keyboard.name, set())


@given(st.sampled_from([US, *OTHERS]), st.text(ASCII, max_size=30))
def test_what_a_keyboard_types_it_also_reads(keyboard: Keyboard, text: str) -> None:
    typeable = "".join(char for char in text if keyboard.strokes(char))
    assert keyboard.read(keyboard.strokes(typeable)) == typeable


@given(UNLIKE_US, CODES, st.sampled_from([bin_label, tote_label, badge_label]))
def test_a_label_of_ours_gives_the_keyboard_away_or_reads_right(keyboard, code, label) -> None:
    text = label(code)
    strokes = keyboard.strokes(text)
    behind = keyboards_behind(strokes)
    if US.read(strokes) == text:
        assert behind == ()
    else:
        assert keyboard in behind


@given(st.sampled_from(OTHERS), st.sampled_from(["", "]C1"]))
def test_the_check_code_names_the_keyboard(keyboard: Keyboard, identifier: str) -> None:
    behind = keyboards_behind(keyboard.strokes(identifier + CHECK_KEYS))
    same = {"Spanish", "Italian"}
    expected = same if keyboard.name in same else {keyboard.name}
    assert {found.name for found in behind} == expected


def test_the_check_code_of_a_us_scanner_gives_nothing_away() -> None:
    assert keyboards_behind(US.strokes(CHECK_KEYS)) == ()
    assert keyboards_behind(US.strokes("]C1" + CHECK_KEYS)) == ()


@given(st.text("0123456789", min_size=12, max_size=12))
def test_an_ean_from_a_french_scanner_is_no_row_of_signs(digits: str) -> None:
    ean = digits + check_digit(digits)
    french = next(keyboard for keyboard in OTHERS if keyboard.name.startswith("French"))
    strokes = french.strokes(ean)
    assert not set(as_us(strokes)) & set("0123456789")
    with pytest.raises(WrongKeyboardLayout) as refused:
        classify(as_us(strokes), aim=False)
    assert "AZERTY" in refused.value.layout


@pytest.mark.parametrize("name", [name for name in NAMES if name != "British"])
def test_an_aim_identifier_gives_the_keyboard_away(name: str) -> None:
    keyboard = next(keyboard for keyboard in OTHERS if keyboard.name == name)
    behind = keyboards_behind(keyboard.strokes("]C0SOME-SUPPLIERS/CODE"))
    assert keyboard in behind


@given(st.text(ASCII, max_size=40))
def test_a_us_scanner_is_hardly_ever_suspected(text: str) -> None:
    """Only where the keys are a whole proven code elsewhere, which no chance writes."""
    assert keyboards_behind(US.strokes(text)) == ()


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, LITERAL)), max_size=60))
def test_no_strokes_can_break_it(strokes: list[Stroke]) -> None:
    assert isinstance(keyboards_behind(strokes), tuple)


def test_a_sentence_names_two_countries_at_most() -> None:
    assert name_of(OTHERS[:1]) == "German (QWERTZ)"
    assert name_of(OTHERS[:2]) == "German (QWERTZ) or Swiss (QWERTZ)"
    assert name_of(OTHERS[:4]) == "European (German (QWERTZ), Swiss (QWERTZ), …)"


def test_a_scan_that_only_another_keyboard_explains_is_refused_with_what_to_scan() -> None:
    for keyboard in OTHERS:
        label = bin_label("QZ-14-03-2")
        shown = as_us(keyboard.strokes(label))
        if shown == label:
            continue
        with pytest.raises(WrongKeyboardLayout) as refused:
            classify(shown, aim=False)
        assert "US English keyboard" in str(refused.value)
