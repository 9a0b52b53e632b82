"""The drawn barcodes, read back by a reader that others have written."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from hub.bulk.code128 import bars as code128
from protocols.barcodes import bin_label, check_digit
from simulators.tester_bench.bars import Bars, ean13, itf14, svg

PIXELS = 3
QUIET = 14
TWELVE = some.text("0123456789", min_size=12, max_size=12)


def picture(drawn: Bars) -> Image.Image:
    found, width = drawn
    image = Image.new("L", ((width + 2 * QUIET) * PIXELS, 60), 255)
    pencil = ImageDraw.Draw(image)
    for start, wide in found:
        left = (start + QUIET) * PIXELS
        pencil.rectangle((left, 0, left + wide * PIXELS - 1, 59), fill=0)
    return image


def read(drawn: Bars) -> str:
    (found,) = zxingcpp.read_barcodes(picture(drawn))
    return found.text


@settings(deadline=None)
@given(TWELVE)
def test_an_ean_13_reads_as_it_was_drawn(body: str):
    code = body + check_digit(body)
    assert read(ean13(code)).endswith(code)


@settings(deadline=None)
@given(some.sampled_from("12345678"), TWELVE)
def test_an_itf_14_reads_as_it_was_drawn(first: str, rest: str):
    body = first + rest
    code = body + check_digit(body)
    assert read(itf14(code)) == code


def test_our_own_labels_are_code_128():
    assert read(code128(bin_label("B-14-03-2"))) == "%BB-14-03-2.62"


@pytest.mark.parametrize(("symbology", "content"), [("]E0", "9520000000066"), ("]C0", "%CDONE.18")])
def test_a_drawing_holds_bars_alone(symbology: str, content: str):
    drawn = svg(symbology, content)
    assert drawn.startswith("<svg")
    assert content not in drawn
