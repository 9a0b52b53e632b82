"""Usual passwords are refused, however they are dressed up; words that nobody joins are not."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from hub.staff import rules
from hub.staff.often_used import is_soon_guessed

LISTED = list(FREQUENCY_LISTS["passwords"])
LONG_ENOUGH = [word for word in LISTED if len(word) >= rules.PASSWORD_LENGTH_MIN]


def refused(password: str) -> bool:
    return rules.password_fault(password, "ana.lopez", "Ana Lopez") is not None


def test_the_list_is_the_thirty_thousand_most_used() -> None:
    assert len(LISTED) == len(set(LISTED)) == 30_000
    assert LISTED[:3] == ["123456", "password", "12345678"]


def test_each_listed_one_that_is_long_enough_is_refused() -> None:
    assert len(LONG_ENOUGH) > 200
    assert [word for word in LONG_ENOUGH if not refused(word)] == []


@pytest.mark.parametrize("dressed", ["{0}{0}{0}", "{0}123456"])
def test_the_most_used_ones_are_refused_when_digits_or_repeats_make_them_long_enough(
    dressed: str,
) -> None:
    top = [dressed.format(word) for word in islice(LISTED, 0, 3_000, 25)]
    long = [word for word in top if len(word) >= rules.PASSWORD_LENGTH_MIN]
    assert len(long) > 100
    assert [word for word in long if not refused(word)] == []


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop1234", "1qaz2wsx3edc4rfv", "summer202512", "P@ssw0rd12345", "adminadmin12",
        "warehouse1234", "Binlight2026!", "abcdefghijklm", "Liverpool1892", "123321123321",
        "ana.lopez1984",
    ],
)  # fmt: skip
def test_rows_of_keys_seasons_and_our_own_words_are_refused(password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "seven blue lanterns",
        "green paper boat",
        "Zw8!kd93-aaQ",
        "kettle-otter-violin",
        "x9#Lm2$pQ7&v",
    ],
)
def test_words_that_nobody_puts_together_are_good(password: str) -> None:
    assert not refused(password)


@settings(max_examples=60)
@given(st.text(min_size=12, max_size=256))
def test_whatever_is_typed_is_judged(password: str) -> None:
    assert is_soon_guessed(password, "ana", "Ana Lopez") in (True, False)


def test_the_lists_are_not_loaded_until_a_password_is_set() -> None:
    asked = "import sys, hub.staff.web, hub.staff.service; print('zxcvbn' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
