"""One-time codes against the vectors of RFC 6238 and RFC 4226."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.staff import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""Of both standards' appendices."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_come_out(seconds: int, code: str) -> None:
    step = totp.step_at(seconds * 1_000_000)
    assert totp.code_at(SECRET, step, digits=8) == code
    assert totp.code_at(SECRET, step) == code[-6:]


@pytest.mark.parametrize(
    ("counter", "code"),
    [
        (0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"),
        (5, "254676"), (6, "287922"), (7, "162583"), (8, "399871"), (9, "520489"),
    ],
)  # fmt: skip
def test_the_vectors_of_rfc_4226_come_out(counter: int, code: str) -> None:
    assert totp.code_at(SECRET, counter) == code


@given(st.integers(5, 2**40), st.integers(-3, 3))
def test_a_code_is_good_in_its_own_half_minute_and_the_ones_beside_it(step: int, off: int) -> None:
    now_us = (step + off) * totp.STEP_S * 1_000_000
    found = totp.step_of(SECRET, totp.code_at(SECRET, step), now_us)
    if abs(off) <= totp.DRIFT_STEPS:
        assert found is not None
        assert totp.code_at(SECRET, found) == totp.code_at(SECRET, step)
    else:
        near = range(step + off - totp.DRIFT_STEPS, step + off + totp.DRIFT_STEPS + 1)
        assert found in (None, *near), "at most another step that has the same code by chance"


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_step_or_none(typed: str) -> None:
    found = totp.step_of(SECRET, typed, 59_000_000)
    assert (found is None) == (typed not in {totp.code_at(SECRET, n) for n in (0, 1, 2)})


def test_the_address_for_the_telephone_survives_strange_names() -> None:
    told = totp.address("JBSWY3DPEHPK3PXP", "ana@shop", "Binlight: Nørre & Co")
    assert told == (
        "otpauth://totp/Binlight%3A%20N%C3%B8rre%20%26%20Co%3Aana%40shop"
        "?secret=JBSWY3DPEHPK3PXP&issuer=Binlight%3A%20N%C3%B8rre%20%26%20Co"
    )


def test_a_secret_is_a_hundred_and_sixty_bits_without_padding() -> None:
    assert totp.new_secret(bytes(20)) == "A" * 32
    assert totp.grouped("ABCDEFGH") == "ABCD EFGH"
