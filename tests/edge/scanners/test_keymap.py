"""What keys mean: golden pairs, modifiers, and nothing given shortened."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.keymap import (
    EV_KEY,
    EV_SYN,
    KEY_CAPSLOCK,
    KEY_DOWN,
    KEY_ENTER,
    KEY_KPENTER,
    KEY_NUMLOCK,
    KEY_REPEATED,
    KEY_TAB,
    KEY_UP,
    KEYS_LOST,
    SCAN_TOO_LONG,
    SYN_DROPPED,
    SYN_REPORT,
    UNKNOWN_KEY,
    KeyReader,
)
from protocols.barcodes import BARCODE_CHARS_MAX, RawScan

SHIFT, RIGHT_SHIFT, CTRL, ALT, RIGHT_BRACE, KEY_A, KEY_102ND, KEY_F8 = (
    42,
    54,
    29,
    56,
    27,
    30,
    86,
    66,
)
SCANNABLE = "".join(map(chr, range(32, 127))) + "\x1d"

# Character, key code, whether Shift is held: a US keyboard by Linux' input-event-codes.h.
GOLDEN = """
32:57 !2s "40s #4s $5s %6s &8s '40 (10s )11s *9s +13s ,51 -12 .52 /53
0:11 1:2 2:3 3:4 4:5 5:6 6:7 7:8 8:9 9:10 ;39 =13 <51s >52s ?53s @3s
A30s B48s C46s D32s E18s F33s G34s H35s I23s J36s K37s L38s M50s
N49s O24s P25s Q16s R19s S31s T20s U22s V47s W17s X45s Y21s Z44s
[26 \\43 ]27 ^7s _12s `41
a30 b48 c46 d32 e18 f33 g34 h35 i23 j36 k37 l38 m50
n49 o24 p25 q16 r19 s31 t20 u22 v47 w17 x45 y21 z44
{26s |43s }27s ~41s
"""


def golden() -> dict[str, tuple[int, bool]]:
    table = {":": (39, True)}
    for entry in GOLDEN.split():
        char = " " if entry.startswith("32:") else entry[0]
        code = entry.removeprefix("32:") if char == " " else entry[1:].removeprefix(":")
        table[char] = (int(code.removesuffix("s")), code.endswith("s"))
    return table


GOLDEN_KEYS = golden()


def press(*codes: int) -> list[tuple[int, int, int]]:
    downs = [(EV_KEY, code, KEY_DOWN) for code in codes]
    return downs + [(EV_KEY, code, KEY_UP) for code in reversed(codes)]


def keys_of(text: str) -> list[tuple[int, int, int]]:
    events = []
    for char in text:
        if char == "\x1d":
            events += press(CTRL, RIGHT_BRACE)
        else:
            code, is_shifted = GOLDEN_KEYS[char]
            events += press(SHIFT, code) if is_shifted else press(code)
    return events


def read(*events: tuple[int, int, int], reader: KeyReader | None = None) -> list[Reading]:
    reader = reader or KeyReader()
    readings: list[Reading] = []
    for event in events:
        readings += reader.feed(*event)
        readings += reader.feed(EV_SYN, SYN_REPORT, 0)
    return readings


def faults(readings: list[Reading]) -> list[str]:
    return [reading.code for reading in readings if isinstance(reading, ScannerFault)]


def test_the_golden_table_holds_all_95_printable_characters() -> None:
    assert set(GOLDEN_KEYS) == set(SCANNABLE) - {"\x1d"}


@pytest.mark.parametrize("char", SCANNABLE, ids=lambda char: f"{ord(char):02x}")
def test_each_character_has_its_key(char: str) -> None:
    assert read(*keys_of(char), *press(KEY_ENTER)) == [RawScan(char)]


@given(st.lists(st.text(SCANNABLE, min_size=1, max_size=30), max_size=5))
def test_whatever_is_typed_is_read_in_order(texts: list[str]) -> None:
    events = [event for text in texts for event in keys_of(text) + press(KEY_ENTER)]
    assert read(*events) == [RawScan(text) for text in texts]


@pytest.mark.parametrize("code", [KEY_ENTER, KEY_KPENTER, KEY_TAB])
def test_enter_keypad_enter_and_tab_end_a_scan(code: int) -> None:
    assert read(*keys_of("X"), *press(code)) == [RawScan("X")]


def test_a_tab_may_be_data_when_enter_alone_ends_a_scan() -> None:
    reader = KeyReader(frozenset((KEY_ENTER,)))
    assert faults(read(*keys_of("A"), *press(KEY_TAB), *press(KEY_ENTER), reader=reader)) == [
        UNKNOWN_KEY
    ]


def test_enter_before_the_code_is_ignored() -> None:
    events = press(KEY_ENTER) + keys_of("4006") + press(KEY_ENTER) + press(KEY_ENTER)
    assert read(*events) == [RawScan("4006")]


def test_a_suffix_of_cr_and_lf_as_control_keys_ends_one_scan() -> None:
    ctrl_m, ctrl_j = press(CTRL, 50), press(CTRL, 36)
    assert read(*keys_of("4006"), *ctrl_m, *ctrl_j) == [RawScan("4006")]


def test_autorepeat_adds_nothing() -> None:
    events = [(EV_KEY, KEY_A, KEY_DOWN), *[(EV_KEY, KEY_A, KEY_REPEATED)] * 5]
    events += [(EV_KEY, KEY_A, KEY_UP), *press(KEY_ENTER), (EV_KEY, KEY_ENTER, KEY_REPEATED)]
    assert read(*events) == [RawScan("a")]


def test_caps_lock_turns_letters_and_nothing_else() -> None:
    events = press(KEY_CAPSLOCK) + keys_of("aB1!") + press(KEY_CAPSLOCK) + keys_of("a")
    assert read(*events, *press(KEY_ENTER)) == [RawScan("Ab1!a")]


def test_either_shift_key_may_stay_held() -> None:
    events = [(EV_KEY, RIGHT_SHIFT, KEY_DOWN), *press(KEY_A), *press(2), *press(KEY_A)]
    events += [(EV_KEY, RIGHT_SHIFT, KEY_UP), *press(KEY_A), *press(KEY_ENTER)]
    assert read(*events) == [RawScan("A!Aa")]


def test_a_shift_key_that_repeats_by_itself_is_still_held() -> None:
    held = [(EV_KEY, SHIFT, KEY_DOWN), (EV_KEY, SHIFT, KEY_REPEATED)]
    assert read(*held, *press(KEY_A, KEY_ENTER)) == [RawScan("A")]


def test_keypad_digits_are_digits_whatever_num_lock_says() -> None:
    keypad = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73]
    events = press(KEY_NUMLOCK) + [event for code in keypad for event in press(code)]
    assert read(*events, *press(KEY_KPENTER)) == [RawScan(string.digits)]


def test_alt_and_keypad_digits_send_gs() -> None:
    alt_029 = [(EV_KEY, ALT, KEY_DOWN), *press(82), *press(80), *press(73), (EV_KEY, ALT, KEY_UP)]
    events = keys_of("10A") + alt_029 + keys_of("21B") + press(KEY_ENTER)
    assert read(*events) == [RawScan("10A\x1d21B")]


@pytest.mark.parametrize("code", [KEY_102ND, KEY_F8, 300])
def test_a_key_that_a_us_keyboard_lacks_spoils_the_scan(code: int) -> None:
    readings = read(*keys_of("40"), *press(code), *keys_of("06"), *press(KEY_ENTER))
    assert faults(readings) == [UNKNOWN_KEY]
    assert "US English keyboard" in str(readings[0])


def test_lost_events_are_told_at_once_and_the_rest_is_not_taken_for_a_scan() -> None:
    reader = KeyReader()
    readings = read(*keys_of("4006"), (EV_SYN, SYN_DROPPED, 0), reader=reader)
    assert faults(readings) == [KEYS_LOST]
    assert faults(read(*keys_of("931"), *press(KEY_ENTER), reader=reader)) == [KEYS_LOST]
    assert read(*keys_of("931"), *press(KEY_ENTER), reader=reader) == [RawScan("931")]


def test_a_loss_that_swallowed_only_the_end_is_told_once() -> None:
    reader = KeyReader()
    read(*keys_of("4006"), reader=reader)
    assert faults(reader.feed(EV_SYN, SYN_DROPPED, 0)) == [KEYS_LOST]
    assert reader.feed(EV_KEY, KEY_A, KEY_DOWN) == []  # between the loss and its SYN_REPORT
    assert read((EV_SYN, SYN_REPORT, 0), *press(KEY_ENTER), reader=reader) == []
    assert read(*keys_of("X"), *press(KEY_ENTER), reader=reader) == [RawScan("X")]


def test_shift_lost_with_the_events_does_not_stick() -> None:
    reader = KeyReader()
    read((EV_KEY, SHIFT, KEY_DOWN), (EV_SYN, SYN_DROPPED, 0), *press(KEY_ENTER), reader=reader)
    assert read(*keys_of("a"), *press(KEY_ENTER), reader=reader) == [RawScan("a")]


def test_a_scan_without_end_is_refused_and_the_next_one_read() -> None:
    reader = KeyReader()
    endless = press(KEY_A) * (BARCODE_CHARS_MAX + 5)
    assert faults(read(*endless, *press(KEY_ENTER), reader=reader)) == [SCAN_TOO_LONG]
    assert read(*keys_of("a"), *press(KEY_ENTER), reader=reader) == [RawScan("a")]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 400), st.integers(-1, 3))))
def test_no_event_can_break_the_reader(events: list[tuple[int, int, int]]) -> None:
    reader = KeyReader()
    read(*events, reader=reader)
    read((EV_SYN, SYN_REPORT, 0), *[(EV_KEY, code, KEY_UP) for code in range(300)], reader=reader)
    read(*press(KEY_ENTER), reader=reader)
    assert read(*keys_of("1"), *press(KEY_ENTER), reader=reader) == [RawScan("1")]
