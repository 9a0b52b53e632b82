"""Enrolment codes survive scanners and fingers; what they carry is read back or refused."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocols.barcodes import EnrolmentLabel, RawScan, classify
from protocols.barcodes.errors import WrongKeyboardLayout
from protocols.barcodes.keyboards import OTHERS, US
from protocols.barcodes.layouts import keyboards_behind
from protocols.enrolment import (
    _MODULUS,
    _RADIX,
    _SIGNS,
    FINGERPRINT_BYTES,
    SECRET_BYTES,
    Address,
    EnrolmentAnswer,
    EnrolmentCode,
    EnrolmentRefusal,
    EnrolmentRequest,
    authority_fingerprint,
    decode_body,
    encode_body,
    is_code,
    read_address,
    read_code,
    write_address,
    write_code,
)
from protocols.errors import (
    BadAddress,
    BadEnrolmentCode,
    MisreadEnrolmentCode,
    OversizedPayload,
    ProtocolsError,
    UnsupportedEnrolmentCode,
    UnsupportedVersion,
)
from protocols.limits import ENROLMENT_CODE_CHARS_MAX, SCAN_CHARS_MAX

QR_ALPHANUMERIC = set(string.digits + string.ascii_uppercase + " $%*+-./:")

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.lists(labels, min_size=1, max_size=3).map(".".join),
)
addresses = st.builds(Address, hosts, st.integers(1, 65_535))
fingerprints = st.binary(min_size=1, max_size=99).map(authority_fingerprint)
codes = st.builds(
    EnrolmentCode,
    names,
    names,
    st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    fingerprints,
    st.lists(addresses, min_size=1, max_size=2).map(tuple),
)

CODE = EnrolmentCode(
    "w1", "h1", b"0123456789", authority_fingerprint(b"key"),
    (Address("192.168.1.5", 8443), Address("hub.local", 8443), Address("fe80::1", 8443)),
)  # fmt: skip
TEXT = write_code(CODE)
CODE_SECRET = TEXT.split(".")[3]


CODE_REFUSALS = {
    "BAD_ENROLMENT_CODE",
    "MISREAD_ENROLMENT_CODE",
    "UNSUPPORTED_ENROLMENT_CODE",
}


def refused_by(attempt: Callable[[], object]) -> set[str]:
    """The code of its refusal; empty when it was none. Anything else but a refusal is a defect."""
    try:
        attempt()
    except ProtocolsError as refusal:
        return {refusal.code}
    return set()


def written(code: EnrolmentCode) -> str:
    """Its text, unless it is one of the few that fit into no code."""
    try:
        return write_code(code)
    except (BadEnrolmentCode, BadAddress):
        assume(False)
        raise


@given(codes)
def test_what_is_written_is_read_back(code):
    text = written(code)
    assert read_code(text) == code
    assert read_code(f" {text.lower()}\n") == code


@given(codes)
def test_a_code_fits_a_qr_code_and_a_scan(code):
    text = written(code)
    assert set(text) <= QR_ALPHANUMERIC
    assert len(text) <= ENROLMENT_CODE_CHARS_MAX < SCAN_CHARS_MAX
    assert is_code(text)


@given(codes, st.data())
def test_any_one_wrong_sign_is_noticed(code, data):
    text = written(code)
    at = data.draw(st.integers(2, len(text) - 1))
    sign = data.draw(st.sampled_from([sign for sign in _SIGNS if sign != text[at]]))
    with pytest.raises(MisreadEnrolmentCode):
        read_code(text[:at] + sign + text[at + 1 :])


@given(codes, st.data())
def test_any_two_exchanged_signs_are_noticed(code, data):
    text = written(code)
    one = data.draw(st.integers(2, len(text) - 2))
    other = data.draw(st.integers(one + 1, len(text) - 1))
    assume(text[one] != text[other])
    signs = list(text)
    signs[one], signs[other] = signs[other], signs[one]
    with pytest.raises(MisreadEnrolmentCode):
        read_code("".join(signs))


def test_the_check_can_tell_all_places_of_the_longest_code_apart():
    """The two properties above hold because of this: every place has a weight of its own."""
    weights = {pow(_RADIX, place, _MODULUS) for place in range(1, ENROLMENT_CODE_CHARS_MAX + 1)}
    assert len(weights) == ENROLMENT_CODE_CHARS_MAX
    assert all(_MODULUS % factor for factor in range(2, 1_024))
    assert 2**20 > _MODULUS > len(_SIGNS)


@given(st.integers(2, len(TEXT) - 1))
def test_a_code_that_ended_too_early_is_refused(length):
    with pytest.raises((MisreadEnrolmentCode, BadEnrolmentCode)):
        read_code(TEXT[:length])


@given(st.text(max_size=300))
@example("")
@example("%E")
@example("%E1......")
@example("%E" + "é" * 40)
def test_any_text_is_read_or_refused_by_name(text):
    for candidate in (text, "%E" + text, TEXT[:8] + text):
        assert refused_by(lambda text=candidate: read_code(text)) <= CODE_REFUSALS


def test_a_code_of_a_later_version_says_that_the_device_is_old():
    with pytest.raises(UnsupportedEnrolmentCode):
        read_code(_signed("%E2.SOMETHING-ELSE."))


def test_a_whole_code_with_nonsense_inside_is_refused():
    for body in ("%E1.W1.H1.", "%E1.W1.-H1.A.A.1.H.", TEXT[:-5].replace(".8443.", ".0.") + "."):
        with pytest.raises(BadEnrolmentCode):
            read_code(_signed(body))


def _signed(body: str) -> str:
    from protocols.enrolment import _check_of

    return body + _check_of(body)


def test_a_code_without_address_or_with_too_many_cannot_be_written():
    for spots in ((), tuple(Address(f"{'a' * 60}{n}.local", 443) for n in range(3))):
        with pytest.raises(BadEnrolmentCode):
            write_code(EnrolmentCode("w1", "h1", b"0123456789", CODE.authority, spots))


def test_a_host_name_that_would_be_read_as_an_ipv6_address_cannot_be_written():
    with pytest.raises(BadAddress):
        write_code(EnrolmentCode("w1", "h1", b"0" * 10, CODE.authority, (Address("fe80--1", 1),)))


def test_the_secret_does_not_show_where_codes_are_logged():
    assert "0123456789" not in repr(CODE)
    assert CODE_SECRET not in f"{CODE!r} {CODE}"


def test_a_fingerprint_has_the_length_that_codes_and_announcements_carry():
    assert len(authority_fingerprint(b"")) == FINGERPRINT_BYTES * 8 // 5


@given(addresses)
def test_an_address_survives_its_text(address):
    assert read_address(write_address(address)) == address


NO_ADDRESSES = [
    "", "host", ":1", "host:", "host:0", "host:65536", "h_st:1", "host:１", "[::1:1", "::1:1",
    "[hub]:1", "a..b:1", "-a:1",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadAddress):
        read_address(text)


REQUEST = EnrolmentRequest(1, "w1", "h1", "GAYTEMZUGU3DOOBZ", "-----BEGIN…")
ANSWER = EnrolmentAnswer(1, "w1", "h1", "handheld", "cert", "ca", "hub-1", ("10.0.0.1:8883",), "e")


@pytest.mark.parametrize("body", [REQUEST, ANSWER, EnrolmentRefusal("CODE_USED", "Too late.")])
def test_a_body_survives_its_json(body):
    assert decode_body(type(body), encode_body(body)) == body


@given(st.binary(max_size=100))
def test_any_bytes_are_a_body_or_refused(payload):
    assert refused_by(lambda: decode_body(EnrolmentRequest, payload)) <= {"MALFORMED_PAYLOAD"}


def test_a_body_beyond_the_limit_or_of_another_version_is_refused():
    with pytest.raises(OversizedPayload):
        decode_body(EnrolmentAnswer, b" " * 40_000)
    with pytest.raises(UnsupportedVersion):
        decode_body(EnrolmentRequest, encode_body(REQUEST).replace(b'"v":1', b'"v":2'))


# ── A code among the other labels. ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("aim", [True, False])
def test_a_scanner_reads_an_enrolment_code_among_all_other_labels(aim):
    assert classify(RawScan(TEXT, "]Q1"), aim=aim) == EnrolmentLabel(TEXT)
    assert classify(TEXT.lower(), aim=False) == EnrolmentLabel(TEXT.lower())


def test_half_a_code_is_still_one_so_that_nobody_shows_its_secret_as_an_article():
    assert classify(TEXT[:-9], aim=False) == EnrolmentLabel(TEXT[:-9])
    assert CODE_SECRET not in repr(classify(TEXT, aim=False))


@given(codes, st.sampled_from(OTHERS))
def test_a_code_typed_for_another_country_gives_the_keyboard_away_or_reads_right(code, keyboard):
    text = written(code)
    strokes = keyboard.strokes(text)
    if US.read(strokes) == text:
        assert keyboards_behind(strokes) == ()
    else:
        assert keyboard in keyboards_behind(strokes)


def test_a_scanner_set_to_another_country_is_told_so_and_no_secret_is_shown():
    german = next(keyboard for keyboard in OTHERS if keyboard.name.startswith("German"))
    as_read = US.read(german.strokes(write_code(replace(CODE, site="y-1"))))
    with pytest.raises(WrongKeyboardLayout) as refused:
        classify(as_read, aim=False)
    assert CODE_SECRET[:5] not in f"{refused.value} {refused.value.values()}"
