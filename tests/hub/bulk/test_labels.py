"""Labels that a reader reads: Code 128 by our own encoder, decoded by one that is not ours."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from hub.bulk.code128 import FNC1, QUIET_MODULES, bars, symbols
from hub.bulk.labels import chosen_labels, labels_pdf, spread
from hub.errors import BadValue, NotFound
from hub.staff import service as staff
from protocols.barcodes import (
    ScannerCheck,
    badge_label,
    bin_label,
    check_digits,
    classify,
    tote_label,
)
from tests.hub import builders
from tests.hub.conftest import TestHub

MODULE_PX = 2
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=24)


def _read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def _drawn(text: str) -> Image.Image:
    found, modules = bars(text)
    image = Image.new("L", ((modules + 2 * QUIET_MODULES) * MODULE_PX, 60), 255)
    draw = ImageDraw.Draw(image)
    for start, width in found:
        left = (QUIET_MODULES + start) * MODULE_PX
        draw.rectangle((left, 0, left + width * MODULE_PX - 1, 59), fill=0)
    return image


@settings(max_examples=60)
@given(PRINTABLE.filter(lambda text: text == text.strip()))
def test_another_decoder_reads_what_was_encoded(text: str) -> None:
    assert _read(_drawn(text)) == [text]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A", [104, 33, 34, 106]),
        ("12345678", [105, 12, 34, 56, 78, 47, 106]),
        ("A1234", [104, 33, 99, 12, 34, 95, 106]),
    ],
)
def test_digits_are_packed_two_in_a_symbol(text: str, values: list[int]) -> None:
    assert symbols(text) == values


def test_a_separator_is_carried_by_gs1_128_alone() -> None:
    assert symbols("91AB\x1d92CD", gs1=True).count(FNC1) == 2
    with pytest.raises(BadValue):
        symbols("91AB\x1d92CD")


@pytest.mark.parametrize("text", ["", "ä", "a\n"])
def test_refuses_what_code_128_cannot_carry_here(text: str) -> None:
    with pytest.raises(BadValue):
        symbols(text)


def _bars_on_first_page(pdf: bytes) -> Image.Image:
    """The filled rectangles of a page, drawn at 12 dots a millimetre."""
    streams = [zlib.decompress(found) for found in
               re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)[:1]]  # fmt: skip
    image = Image.new("L", (210 * 12, 297 * 12), 255)
    draw = ImageDraw.Draw(image)
    scale = 12 * 25.4 / 72
    for found in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re f", streams[0]):
        x, y, width, height = (float(number) * scale for number in found)
        top, bottom = 297 * 12 - y, 297 * 12 - (y + height)
        draw.rectangle((round(x), min(top, bottom), round(x + width) - 1, max(top, bottom)), fill=0)
    return image


def test_every_bin_label_on_a_sheet_can_be_read(hub: TestHub) -> None:
    codes = [f"A-{n:02d}-1" for n in range(1, 17)]
    for code in codes:
        builders.stock(hub, code, "PEN", 0)
    labels = chosen_labels("bins", hub.company, hub.site, None)
    assert [(label.content, label.check) for label in labels] == [
        (bin_label(code), check_digits(code)) for code in codes
    ]
    image = _bars_on_first_page(labels_pdf(labels))
    assert sorted(_read(image)) == sorted(bin_label(code) for code in codes)


def test_a_label_of_the_longest_code_can_be_read(sqlite_hub: TestHub) -> None:
    code = "ABCDEFGH-JKLMNOPQ-STUVWX"
    labels = chosen_labels("totes", sqlite_hub.company, sqlite_hub.site, code)
    assert _read(_bars_on_first_page(labels_pdf(labels))) == [tote_label(code)]


def test_badges_carry_the_name_and_the_badge(hub: TestHub) -> None:
    with hub.act() as act:
        staff.add_person(act, hub.company, "Zoë Ångström", badge="ZOE")
    (label,) = chosen_labels("badges", hub.company, hub.site, None)
    assert (label.content, label.code) == (badge_label("ZOE"), "Zoë Ångström")
    assert _read(_bars_on_first_page(labels_pdf([label]))) == [badge_label("ZOE")]


def test_the_check_code_of_scanners_is_a_gs1_128_that_a_decoder_reads(sqlite_hub: TestHub) -> None:
    labels = chosen_labels("scanner", sqlite_hub.company, sqlite_hub.site, None)
    (found,) = zxingcpp.read_barcodes(_bars_on_first_page(labels_pdf(labels)))
    scan = classify(found.symbology_identifier + found.bytes.decode(), aim=True)
    assert scan == ScannerCheck()


def test_only_labels_of_things_that_exist_are_printed(hub: TestHub) -> None:
    builders.stock(hub, "A-01", "PEN", 0)
    with pytest.raises(NotFound):
        chosen_labels("bins", hub.company, hub.site, "A-01,A-02")
    with pytest.raises(NotFound):
        chosen_labels("badges", hub.company, hub.site, None)
    with pytest.raises(BadValue, match="say which"):
        chosen_labels("totes", hub.company, hub.site, None)
    with pytest.raises(BadValue):
        chosen_labels("moods", hub.company, hub.site, None)


def test_a_range_of_codes_is_spread_out() -> None:
    assert spread("T-0009..T-0011, X1") == ["T-0009", "T-0010", "T-0011", "X1"]
    with pytest.raises(BadValue):
        spread("T-0..T-99999999")


def test_a_sheet_holds_sixteen_labels(sqlite_hub: TestHub, tmp_path: Path) -> None:
    labels = chosen_labels("totes", sqlite_hub.company, sqlite_hub.site, "T-001..T-033")
    assert labels_pdf(labels).count(b"/Type /Page\n") == 3
