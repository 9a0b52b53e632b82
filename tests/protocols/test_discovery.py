"""What a hub announces is read back; what anybody else announces is refused, not believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.discovery import SERVICE_TYPE, Announcement, instance_name, read_txt, write_txt
from protocols.errors import BadAnnouncement

OURS = Announcement("w1", "01991f2e5c0070008000000000000004", "MZXW6YTBOI7MZXW6YTBOI7MZXW6YTBOI")


def in_bytes(pairs: dict[str, str]) -> dict[bytes, bytes | None]:
    return {name.encode(): value.encode() for name, value in pairs.items()}


def test_what_is_announced_is_read_back_though_a_later_version_says_more():
    pairs = in_bytes({**write_txt(OURS), "of-later": "x"})
    assert read_txt(pairs) == OURS


def test_a_txt_record_fits_its_size():
    assert all(len(f"{name}={value}") < 255 for name, value in write_txt(OURS).items())


def test_the_instance_is_named_after_site_and_hub():
    assert instance_name(OURS) == f"binlight-w1-01991f2e.{SERVICE_TYPE}"
    assert len(instance_name(Announcement("x" * 32, OURS.hub, OURS.fp)).split(".")[0]) <= 63


@pytest.mark.parametrize("name", ["v", "site", "hub", "fp"])
@pytest.mark.parametrize("value", [None, b"", b"x" * 65, b"\xff\xfe", "é".encode()])
def test_a_missing_or_strange_value_is_named(name, value):
    with pytest.raises(BadAnnouncement) as refusal:
        read_txt({**in_bytes(write_txt(OURS)), name.encode(): value})
    assert refusal.value.field == name


@given(st.dictionaries(st.binary(max_size=8), st.none() | st.binary(max_size=80), max_size=6))
def test_any_record_is_read_or_refused(pairs):
    with pytest.raises(BadAnnouncement):
        read_txt({**pairs, b"v": b"2"})
