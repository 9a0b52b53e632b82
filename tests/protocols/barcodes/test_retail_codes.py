"""EAN, UPC and GTIN, with and without symbology identifiers."""

from __future__ import annotations

import pytest
from biip.checksums import gs1_standard_check_digit
from biip.upc import Upc
from hypothesis import given
from hypothesis import strategies as st

from protocols.barcodes import ItemCode, PlainData, check_digit, classify, gtin14
from protocols.barcodes.errors import BadCheckDigit, NotDigits, WrongLength
from protocols.barcodes.scans import RawScan

DIGITS = "0123456789"


def payloads(length: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=length, max_size=length)


GTINS = st.sampled_from((7, 11, 12, 13)).flatmap(payloads).map(lambda p: p + check_digit(p))


@given(GTINS)
def test_every_gtin_has_one_form_of_fourteen_digits(gtin: str) -> None:
    assert gtin14(gtin) == gtin.zfill(14)
    assert gtin14(gtin14(gtin)) == gtin14(gtin)


@given(st.text(DIGITS, min_size=1, max_size=20))
def test_biip_computes_the_same_check_digit(payload: str) -> None:
    assert check_digit(payload) == str(gs1_standard_check_digit(payload))


@given(payloads(6), st.sampled_from("01"))
def test_a_upc_e_is_what_biip_makes_of_it(payload: str, system: str) -> None:
    upc_a = Upc.parse(system + payload).as_upc_a()
    found = classify(system + payload + upc_a[-1], aim=False)
    assert isinstance(found, ItemCode)
    assert upc_a.zfill(14) in (found.gtin, found.other_gtin)


@given(GTINS, st.data())
def test_one_wrong_digit_in_a_gtin_is_always_noticed(gtin: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(gtin) - 1))
    wrong = data.draw(st.sampled_from(DIGITS.replace(gtin[at], "")))
    with pytest.raises(BadCheckDigit):
        gtin14(gtin[:at] + wrong + gtin[at + 1 :])


@pytest.mark.parametrize("text", ["", "4006381", "123456789012345"])
def test_a_gtin_of_another_length_is_refused(text: str) -> None:
    with pytest.raises((WrongLength, NotDigits)):
        gtin14(text)


@pytest.mark.parametrize("text", ["400638133393X", "٤٠٠٦٣٨١٣٣٣٩٣١", "²" * 13])
def test_digits_of_other_scripts_are_no_gtin(text: str) -> None:
    with pytest.raises(NotDigits):
        gtin14(text)


@pytest.mark.parametrize(
    ("scan", "gtin"),
    [
        ("]E04006381333931", "04006381333931"),
        ("]E00012345000065", "00012345000065"),  # UPC-E as the standard has it sent: expanded
        ("]E402345673", "00000002345673"),
        ("]E3400638133393112", "04006381333931"),  # with a two-digit add-on
        ("]I114006381333938", "14006381333938"),
        ("]C04006381333931", "04006381333931"),  # a GTIN printed as Code 128
    ],
)
def test_a_symbol_with_a_gtin_gives_its_fourteen_digits(scan: str, gtin: str) -> None:
    found = classify(scan, aim=True)
    assert isinstance(found, ItemCode)
    assert (found.gtin, found.ais, found.symbology) == (gtin, None, scan[:3])


@pytest.mark.parametrize(
    ("scan", "gtin"),
    [
        ("4006381333931", "04006381333931"),
        ("012345678905", "00012345678905"),
        ("14006381333938", "14006381333938"),
        ("96385074", "00000096385074"),
    ],
)
def test_without_identifiers_the_check_digit_proves_a_gtin(scan: str, gtin: str) -> None:
    assert classify(scan, aim=False) == ItemCode(scan, gtin)


def test_a_upc_e_is_expanded_when_it_can_be_nothing_else() -> None:
    assert classify("04252614", aim=False) == ItemCode("04252614", "00042100005264")


def test_eight_digits_that_are_ean_8_and_upc_e_at_once_name_both() -> None:
    found = classify("01234565", aim=False)
    assert found == ItemCode("01234565", "00000001234565", other_gtin="00012345000065")


def test_eight_digits_that_are_neither_are_plain_data() -> None:
    assert classify("20111122", aim=False) == PlainData("20111122")


@pytest.mark.parametrize("scan", ["4006381333932", "012345678900", "14006381333930"])
def test_a_typed_gtin_with_a_wrong_digit_is_refused(scan: str) -> None:
    with pytest.raises(BadCheckDigit):
        classify(scan, aim=False)


def test_the_driver_may_hand_over_the_identifier_beside_the_text() -> None:
    raw = RawScan("4006381333931", symbology="]E0")
    assert classify(raw, aim=True) == classify("]E04006381333931", aim=True)


@given(payloads(12), st.text("ABC123", min_size=1, max_size=20))
def test_a_composite_gives_the_gtin_and_the_elements(payload: str, lot: str) -> None:
    ean = payload + check_digit(payload)
    found = classify(f"]E0{ean}|]e017251231" + "10" + lot + "\x1d99X", aim=True)
    assert isinstance(found, ItemCode)
    assert found.gtin == "0" + ean
    assert found.ais == (("17", "251231"), ("10", lot), ("99", "X"))
