"""Labels of ours: what is printed is what is read, and what is misread is noticed."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocols.barcodes import (
    BadgeLabel,
    BarcodeError,
    BinLabel,
    Command,
    CommandName,
    Scan,
    ScannerCheck,
    ToteLabel,
    badge_label,
    bin_label,
    check_digits,
    classify,
    command_label,
    confirms_bin,
    gtin14,
    printed_code,
    scanner_check_label,
    tote_label,
)
from protocols.barcodes.errors import (
    BadCheckDigit,
    BadLabel,
    BadLabelCode,
    MissingFnc1,
    UnknownCommand,
)

GROUPS = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=5)
CODES = st.lists(GROUPS, min_size=1, max_size=4).map("-".join)


def test_the_printed_forms_stay_what_supervisors_have_on_their_shelves() -> None:
    assert bin_label("B-14-03-2") == "%BB-14-03-2.62"
    assert tote_label("T-0042") == "%TT-0042.51"
    assert badge_label("maria") == "%UMARIA.92"
    assert command_label("SHORT") == "%CSHORT.25"
    assert scanner_check_label() == "91BINLIGHT\x1d92FNC1AZY-+'\""


def test_check_digits_are_the_weighed_sum_modulo_97() -> None:
    weighed = 11 * 23**4 + 36 * 23**3 + 1 * 23**2 + 4 * 23  # B - 1 4
    assert check_digits("B-14") == f"{weighed % 97:02d}"


@given(CODES)
def test_what_is_printed_on_a_label_is_what_its_scan_names(code: str) -> None:
    check = check_digits(code)
    assert classify(bin_label(code), aim=False) == BinLabel(code, check)
    assert classify("]C0" + tote_label(code), aim=True) == ToteLabel(code, check)
    assert classify(badge_label(code).lower(), aim=False) == BadgeLabel(code, check)


@given(CODES, st.sampled_from([" ", ".", "  "]))
def test_what_is_typed_as_it_is_printed_is_the_code_and_a_slip_is_none(
    code: str, between: str
) -> None:
    check = check_digits(code)
    assert printed_code(f" {code.lower()}{between}{check} ") == code
    assert printed_code(f"{code}{between}{(int(check) + 1) % 97:02d}") is None
    assert printed_code(f"{code}{check}") is None
    assert printed_code(code) is None


@pytest.mark.parametrize("name", list(CommandName))
def test_every_command_has_a_barcode(name: CommandName) -> None:
    assert classify(command_label(name), aim=False) == Command(name)


@given(CODES, st.data())
def test_one_wrong_character_on_a_label_is_always_noticed(code: str, data: st.DataObject) -> None:
    label = bin_label(code)
    at = data.draw(st.integers(2, len(label) - 1))
    wrong = data.draw(st.sampled_from(string.ascii_uppercase + string.digits + "-."))
    assume(wrong != label[at])
    with pytest.raises(BarcodeError):
        classify(label[:at] + wrong + label[at + 1 :], aim=False)


@given(CODES, st.data())
def test_two_exchanged_characters_are_always_noticed(code: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(code) - 1))
    second = data.draw(st.integers(0, len(code) - 1))
    assume(code[first] != code[second])
    exchanged = list(code)
    exchanged[first], exchanged[second] = code[second], code[first]
    check = check_digits(code)
    with pytest.raises(BarcodeError):
        classify(f"%B{''.join(exchanged)}.{check}", aim=False)


@given(CODES)
def test_no_label_can_be_taken_for_a_gtin(code: str) -> None:
    for label in (bin_label(code), tote_label(code), badge_label(code)):
        with pytest.raises(BarcodeError):
            gtin14(label)


def test_bins_up_to_five_bays_apart_never_share_their_check_digits() -> None:
    for first in range(1, 36):
        cells = [f"B-14-{bay:02d}-{level}" for bay in range(first, first + 6) for level in "123456"]
        assert len({check_digits(cell) for cell in cells}) == len(cells)


def test_digits_typed_by_hand_confirm_their_bin_and_no_other() -> None:
    assert confirms_bin("B-14-03-2", " 62 ")
    assert not confirms_bin("B-14-03-3", "62")


@pytest.mark.parametrize("code", ["", "-B", "B-", "B--1", "B_1", "Ä1", "B 1", "A" * 25, "ﬀ"])
def test_a_code_that_no_label_can_carry_is_refused_by_name(code: str) -> None:
    with pytest.raises(BadLabelCode) as refused:
        bin_label(code)
    assert refused.value.label_code == code


@pytest.mark.parametrize("scan", ["%BB-14-03-2", "%B.85", "%BB--1.00", "%BB-14-03-2.8", "%Bß.11"])
def test_a_torn_label_says_that_it_is_a_label(scan: str) -> None:
    with pytest.raises(BadLabel):
        classify(scan, aim=False)


def test_a_wrong_check_digit_says_which_was_expected() -> None:
    with pytest.raises(BadCheckDigit) as refused:
        classify("%BB-14-03-2.71", aim=False)
    assert (refused.value.expected, refused.value.found) == ("62", "71")


def test_a_command_of_another_version_is_named() -> None:
    with pytest.raises(UnknownCommand) as refused:
        classify(f"%CDANCE.{check_digits('DANCE')}", aim=False)
    assert refused.value.name == "DANCE"
    with pytest.raises(UnknownCommand):
        command_label("DANCE")


def _scanner_check(data: str) -> Scan:
    return classify("]C1" + data, aim=True)


def test_the_check_code_tells_a_scanner_that_sends_fnc1_from_one_that_does_not() -> None:
    assert _scanner_check(scanner_check_label()) == ScannerCheck()
    with pytest.raises(MissingFnc1):
        _scanner_check(scanner_check_label().replace("\x1d", ""))
    with pytest.raises(MissingFnc1):
        classify(scanner_check_label().replace("\x1d", ""), aim=False)
