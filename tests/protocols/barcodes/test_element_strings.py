"""GS1 element strings: round trips, missing separators, and biip as the second opinion."""

from __future__ import annotations

import itertools
import string

import pytest
from biip.gs1_messages import GS1Message
from hypothesis import given
from hypothesis import strategies as st

from protocols.barcodes import (
    BarcodeError,
    Element,
    ItemCode,
    PlainData,
    Scan,
    bracketed,
    check_digit,
    classify,
    element_string,
    read_bracketed,
    read_element_string,
)
from protocols.barcodes.dictionary import definitions
from protocols.barcodes.errors import (
    BadCheckDigit,
    BadElement,
    BadElementCheckDigit,
    ElementTooLong,
    EmptyScan,
    MissingFnc1,
    MissingSymbologyIdentifier,
    NotBracketed,
    ScanTooLong,
    UnknownAi,
    UnknownSymbologyIdentifier,
)
from protocols.barcodes.linters import CHARSETS, CSET82, LINTERS
from protocols.errors import ProtocolsError

ELEMENTS = st.one_of(
    st.tuples(
        st.sampled_from(("01", "02")),
        st.text(string.digits, min_size=13, max_size=13).map(lambda p: p + check_digit(p)),
    ),
    st.tuples(st.sampled_from(("10", "21")), st.text(CSET82, min_size=1, max_size=20)),
    st.tuples(st.sampled_from(("91", "99")), st.text(CSET82, min_size=1, max_size=90)),
    st.tuples(st.sampled_from(("30", "37")), st.text(string.digits, min_size=1, max_size=8)),
    st.tuples(st.sampled_from(("3103", "3922")), st.text(string.digits, min_size=6, max_size=6)),
    st.tuples(
        st.sampled_from(("11", "15", "17")),
        st.dates().map(lambda day: day.strftime("%y%m%d")).filter(lambda t: not t.startswith("00")),
    ),
)
MESSAGES = st.lists(ELEMENTS, min_size=1, max_size=5).map(tuple)


@given(MESSAGES)
def test_elements_survive_printing_and_scanning(elements: tuple[Element, ...]) -> None:
    message = element_string(elements)
    assert read_element_string(message, sends_fnc1=True).elements == elements


@given(MESSAGES)
def test_elements_survive_being_written_in_brackets_and_typed(
    elements: tuple[Element, ...],
) -> None:
    assert read_bracketed(bracketed(elements)) == elements


@given(MESSAGES)
def test_biip_reads_the_same_elements(elements: tuple[Element, ...]) -> None:
    theirs = GS1Message.parse(element_string(elements))
    assert tuple((part.ai.ai, part.value) for part in theirs.element_strings) == elements


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_scan_or_a_named_refusal(text: str, aim: bool) -> None:
    _scan_or_refusal(text, aim)


@given(
    st.sampled_from(("]C1", "]e0", "]d2", "]Q3", "]E0", "]E4", "]I1", "]Q1", "%B", "%C", "(01)")),
    st.text(string.digits + "ABC-.%|()]\x1d", max_size=120),
    st.booleans(),
)
def test_any_text_behind_a_prefix_is_a_scan_or_a_named_refusal(
    prefix: str, text: str, aim: bool
) -> None:
    _scan_or_refusal(prefix + text, aim)


def _scan_or_refusal(text: str, aim: bool) -> None:
    outcome: Scan | ProtocolsError
    try:
        outcome = classify(text, aim=aim)
    except ProtocolsError as refusal:
        outcome = refusal
    assert isinstance(outcome, Scan) or (outcome.code.isupper() and str(outcome).endswith("."))


def test_a_date_swallowed_by_a_lot_is_named_and_not_guessed() -> None:
    with pytest.raises(MissingFnc1) as refused:
        classify("]C1010952123454321310ABC12317251231", aim=True)
    assert (refused.value.ai, refused.value.hidden_ai) == ("10", "17")


@pytest.mark.parametrize(
    ("scan", "ai"),
    [
        ("]C1390012345" + "11991225", "3900"),
        ("]C181111234" + "10ABC123", "8111"),
        ("]C1800112341234512398" + "0112345678901231", "8001"),
        ("]d2" + "10LOT" + "0109521234543213", "10"),
        ("]Q3" + "10ABCDEFGHIJKLMNOPQRST" + "21X", "10"),
        ("]C1" + "3712" + "10ABC", "37"),
        ("]C1" + "21SERIAL" + "17251231" + "10LOT", "21"),
    ],
)
def test_a_missing_separator_is_named(scan: str, ai: str) -> None:
    with pytest.raises(MissingFnc1) as refused:
        classify(scan, aim=True)
    assert refused.value.ai == ai


def test_a_separator_in_the_message_proves_that_the_scanner_sends_them() -> None:
    scan = classify("]C121SERIAL\x1d10LOT17251231", aim=True)
    assert isinstance(scan, ItemCode)
    assert scan.ais == (("21", "SERIAL"), ("10", "LOT17251231"))
    assert scan.doubt is None


def test_a_scanner_that_passed_its_check_is_believed() -> None:
    scan = classify("]C110LOT17251231", aim=True, sends_fnc1=True)
    assert isinstance(scan, ItemCode)
    assert (scan.value_of("10"), scan.doubt) == ("LOT17251231", None)


def test_what_could_hide_a_serial_is_read_by_the_standard_and_marked() -> None:
    scan = classify("]C1010952123454321310ABC12321XYZ789", aim=True)
    assert isinstance(scan, ItemCode)
    assert (scan.gtin, scan.value_of("10")) == ("09521234543213", "ABC12321XYZ789")
    assert scan.doubt == "21"


def test_a_long_run_of_digits_is_refused_without_a_search() -> None:
    with pytest.raises(ElementTooLong):
        classify("]C1" + "99" * 3000, aim=True)


def test_a_scan_longer_than_any_symbol_is_refused() -> None:
    with pytest.raises(ScanTooLong) as refused:
        classify("9" * 7_090, aim=False)
    assert (refused.value.length_chars, refused.value.limit_chars) == (7_090, 7_089)


@pytest.mark.parametrize(
    ("scan", "refusal"),
    [
        ("ABC", MissingSymbologyIdentifier),
        ("]XX1", UnknownSymbologyIdentifier),
        ("]C1", EmptyScan),
        ("]C1891234", UnknownAi),
        ("]C117251301", BadElement),
        ("]C10112345678901234", BadElementCheckDigit),
        ("]C11012345\x1d\x1d991", UnknownAi),
        ("(15", NotBracketed),
        ("(01)12345678901234", BadElementCheckDigit),
    ],
)
def test_a_wrong_scan_is_refused_by_name(scan: str, refusal: type[BarcodeError]) -> None:
    with pytest.raises(refusal):
        classify(scan, aim=True)


def test_an_element_with_a_wrong_check_digit_has_the_code_of_every_check_digit() -> None:
    assert BadElementCheckDigit.code == BadCheckDigit.code == "BAD_CHECK_DIGIT"


@pytest.mark.parametrize(
    ("scan", "elements"),
    [
        ("010952123454321317251231", (("01", "09521234543213"), ("17", "251231"))),
        ("10LOT\x1d21X", (("10", "LOT"), ("21", "X"))),
        ("\x1d10LOT", (("10", "LOT"),)),
        ("00123456789012345675", (("00", "123456789012345675"),)),
        ("]C110LOT", (("10", "LOT"),)),
    ],
)
def test_without_identifiers_only_proof_makes_an_element_string(
    scan: str, elements: tuple[Element, ...]
) -> None:
    found = classify(scan, aim=False)
    assert isinstance(found, ItemCode)
    assert found.ais == elements


@pytest.mark.parametrize("scan", ["10ABC", "1751231", "85123A", "0112345678901239", "71"])
def test_without_identifiers_unproven_text_is_plain(scan: str) -> None:
    assert classify(scan, aim=False) == PlainData(scan)


def test_a_web_address_that_names_no_gs1_key_is_plain_data() -> None:
    address = "https://example.com/offers/7"
    assert classify("]Q1" + address, aim=True) == PlainData(address, "]Q1")


def test_a_digital_link_is_an_item() -> None:
    scan = classify("https://id.gs1.org/01/09520123456788/10/L-7?17=201225", aim=False)
    assert isinstance(scan, ItemCode)
    assert (scan.gtin, scan.value_of("10"), scan.value_of("17")) == (
        "09520123456788",
        "L-7",
        "201225",
    )


def test_every_check_that_the_dictionary_names_is_implemented() -> None:
    parts = [part for entry in definitions().values() for part in entry.components]
    assert {name for part in parts for name in part.linters} <= set(LINTERS)
    assert {part.charset for part in parts} == set(CHARSETS)


def test_no_application_identifier_begins_another() -> None:
    names = sorted(definitions())
    assert [a for a, b in itertools.pairwise(names) if b.startswith(a)] == []
