"""Numbers as people type them, and as nobody does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hub.bulk import reading
from hub.errors import BadValue
from hub.web import forms

NO_NUMBERS = (
    "",
    " ",
    "²",
    "५",
    "1_0",
    "+1",
    "1e3",
    "1.0",
    "9" * 5_000,
    "0x1",
    "−1",
    "1\u00a0000",
    "NaN",
)
NO_PRICES = ("1e999999999", "1e999990", "NaN", "Infinity", "-0.01", "1,5", "9" * 5_000, "0.0000001")
APP = Flask(__name__)


def typed(read: Callable[[str], int], value: str) -> int:
    with APP.test_request_context(method="POST", data={"field": value}):
        return read("field")


def test_what_is_no_whole_number_is_refused_by_its_fields_name() -> None:
    for value in NO_NUMBERS:
        with pytest.raises(BadValue) as refused:
            typed(forms.count, value)
        assert refused.value.field == "field", value


@given(st.integers(1, forms.COUNT_MAX))
def test_a_whole_number_in_its_bounds_is_read_as_it_stands(number: int) -> None:
    assert typed(forms.count, str(number)) == number
    assert typed(forms.count, f"  0{number} ") == number


@given(st.integers(-(10**20), 10**20))
def test_no_number_beyond_its_bounds_gets_in(number: int) -> None:
    if 1 <= number <= forms.COUNT_MAX:
        assert typed(forms.count, str(number)) == number
    else:
        with pytest.raises(BadValue):
            typed(forms.count, str(number))


def test_what_is_no_price_is_refused_however_it_is_spelled() -> None:
    """Once `1e999999999` was too much for the arithmetic, and an answer 500."""
    for value in NO_PRICES:
        with pytest.raises(BadValue):
            typed(forms.price_micros, value)


@given(st.integers(0, 10**15 - 1))
def test_a_price_is_kept_to_the_last_decimal(micros: int) -> None:
    assert typed(forms.price_micros, f"{micros // 10**6}.{micros % 10**6:06}") == micros


def test_a_file_is_refused_for_a_price_beyond_all_arithmetic_not_broken_by_it() -> None:
    for value in ("1e999999999", "1e999990", "sNaN", "Infinity"):
        with pytest.raises(ValueError, match="price"):
            reading.price_micros(value)
