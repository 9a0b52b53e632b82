"""Passwords, lock-outs and permissions, as decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.staff import rules


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("seven blue lanterns", None),
        ("Zw8!kd93-aaQ", None),
        ("elevenchars", "TOO_SHORT"),
        ("x" * 300, "TOO_LONG"),
        ("PASSWORD1234", "OFTEN_USED"),
        ("abababababab", "TOO_UNIFORM"),
        ("ana.lopez!!!!", "IS_THE_NAME"),
        ("anal.anal.anal", "TOO_UNIFORM"),
    ],
)
def test_a_password_is_judged_by_length_habit_and_name(password: str, fault: str | None) -> None:
    assert rules.password_fault(password, "ana.lopez", "Ana Lopez") == fault


@given(st.text(max_size=300))
def test_no_password_shorter_than_the_least_is_good(password: str) -> None:
    fault = rules.password_fault(password, "ana", "Ana")
    if len(password) < rules.PASSWORD_LENGTH_MIN:
        assert fault == "TOO_SHORT"


@given(st.integers(0, 10_000))
def test_a_lock_never_gets_shorter_and_never_exceeds_an_hour(failed: int) -> None:
    assert rules.lock_s(failed) <= rules.lock_s(failed + 1) <= rules.LOCK_LONGEST_S


def test_four_slips_cost_nothing_and_the_fifth_a_minute() -> None:
    assert [rules.lock_s(n) for n in (1, 4, 5, 6, 7)] == [0, 0, 60, 120, 240]


def test_a_star_covers_every_action_and_nothing_else_does() -> None:
    allowed = frozenset({("orders", "*"), ("catalog", "read")})
    assert rules.may(allowed, "orders", "cancel")
    assert rules.may(allowed, "catalog", "read")
    assert not rules.may(allowed, "catalog", "edit")
    assert not rules.may(frozenset(), "orders", "read")
    assert rules.may(frozenset({("*", "*")}), "anything", "at all")
