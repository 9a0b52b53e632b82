"""Pictures of measurements: drawn to scale, and readable by whatever reads SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from simulators.bench.plots import OURS, Bar, Plot, draw, svg

SVG = "{http://www.w3.org/2000/svg}"


def _bars(picture: str) -> list[tuple[str, float]]:
    root = ElementTree.fromstring(picture)
    _, *bars = root.iter(f"{SVG}rect")
    return [(bar.attrib["fill"], float(bar.attrib["width"])) for bar in bars]


def test_bars_are_as_long_as_their_values() -> None:
    picture = draw(Plot("Some & others", "/s", [Bar("ours", 25), Bar("limit <1>", 100, False)]))
    (color, ours), (_, limit) = _bars(picture)
    assert color == OURS
    assert limit == pytest.approx(4 * ours)


def test_nothing_measured_is_drawn_as_nothing() -> None:
    assert _bars(draw(Plot("None", "ms", [Bar("nothing", 0)]))) == [(OURS, 1.0)]


def test_every_number_of_devices_has_its_pair_of_bars() -> None:
    rate = {"events_per_s": 10.0}
    devices = {count: {"store": rate, "no_store": rate} for count in ("1", "50", "500")}
    picture = svg({"bench": "events", "devices": devices})
    assert picture is not None
    assert len(_bars(picture)) == 6


def test_a_benchmark_without_a_picture_has_none() -> None:
    assert svg({"bench": "something new"}) is None
