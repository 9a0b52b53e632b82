"""Spoiled labels: each way changes what is sent, and says so when it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from protocols.barcodes import GS, BarcodeError, bin_label, check_digit, classify
from simulators.tester_bench.damage import DAMAGES, NothingToDamage, split_aim, spoil
from simulators.tester_bench.labels import as_sent

CODES = some.from_regex(r"[0-9A-Z]{1,8}(-[0-9A-Z]{1,4}){0,2}", fullmatch=True)
DIGITS = some.text("0123456789", min_size=12, max_size=12)


@given(CODES, some.sampled_from(sorted(DAMAGES)))
def test_a_damaged_label_never_reads_the_same(code: str, damage: str):
    sent = as_sent(bin_label(code))
    try:
        assert spoil(sent, damage) != sent
    except NothingToDamage:
        assert damage in {"no_gs", "swapped_characters"}


@given(CODES, some.sampled_from(["no_check_digit", "cut_off", "wrong_character", "no_aim"]))
def test_no_torn_or_scratched_bin_label_is_taken_for_a_label(code: str, damage: str):
    with pytest.raises(BarcodeError):
        classify(spoil(as_sent(bin_label(code)), damage), aim=True)


@given(DIGITS)
def test_one_wrong_digit_of_an_ean_is_always_refused(body: str):
    with pytest.raises(BarcodeError):
        classify(spoil(as_sent(body + check_digit(body)), "wrong_character"), aim=True)


def test_only_what_has_separators_can_lose_them():
    assert spoil(f"]C110LOT{GS}21X", "no_gs") == "]C110LOT21X"
    with pytest.raises(NothingToDamage, match="read the same"):
        spoil("]E09520000000066", "no_gs")


def test_the_identifier_is_no_part_of_the_content():
    assert split_aim("]E09520000000066") == ("]E0", "9520000000066")
    assert split_aim("9520000000066") == ("", "9520000000066")
    assert split_aim("]E0") == ("", "]E0")
