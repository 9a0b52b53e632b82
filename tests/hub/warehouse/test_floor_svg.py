"""The picture of the floor is well-formed, and a script finds everything in it by id."""

from __future__ import annotations

from xml.etree import ElementTree

from hub.warehouse.floor import demo_floor, tour_polyline
from hub.warehouse.floor_svg import (
    BinState,
    Overlays,
    PersonDot,
    TourLine,
    depth_cm,
    element_id,
    svg,
)

SVG = "{http://www.w3.org/2000/svg}"
DEMO = demo_floor()


def drawn(overlays: Overlays = Overlays(), **how: bool) -> dict[str, ElementTree.Element]:  # noqa: B008
    root = ElementTree.fromstring(svg(DEMO, overlays, **how))
    elements = [element for element in root.iter() if element.get("id")]
    by_id = {element.get("id"): element for element in elements}
    assert len(by_id) == len(elements), "an id comes twice"
    return {"": root, **by_id}


def test_every_bin_has_a_node_with_its_code_as_title() -> None:
    picture = drawn()
    for bin_ in DEMO.bins():
        assert picture[f"bin-{bin_.code}"].findtext(f"{SVG}title") == bin_.code


def test_all_bins_lie_inside_the_picture_and_none_on_another() -> None:
    picture = drawn()
    left, top, width, height = map(int, picture[""].get("viewBox").split())
    corners = set()
    for bin_ in DEMO.bins():
        x, y, w, h = (
            int(picture[f"bin-{bin_.code}"].get(k)) for k in ("x", "y", "width", "height")
        )
        assert left <= x
        assert x + w <= left + width
        assert top <= y
        assert y + h <= top + height
        corners.add((x, y))
    assert len(corners) == len(list(DEMO.bins()))


def test_title_and_description_are_said_to_people_who_cannot_see_it() -> None:
    picture = drawn()
    assert picture[""].get("role") == "img"
    for label in picture[""].get("aria-labelledby").split():
        assert picture[label].text


def test_tours_and_people_are_drawn_where_they_are() -> None:
    stops = [DEMO.bin("A-03-07-1"), DEMO.bin("A-09-40-2")]
    points = tour_polyline(DEMO, [DEMO.start, *stops, DEMO.bench])
    at = DEMO.along(points, 1_000)
    picture = drawn(
        Overlays(
            tours=(TourLine("w1/2", "Tour 2", points),),
            people=(PersonDot("17", "AB", "Ann <B> & co", at),),
            bins=(BinState("A-03-07-1", "due"),),
        )
    )
    line = picture[element_id("tour", "w1/2")]
    flipped = [tuple(map(int, pair.split(","))) for pair in line.get("points").split()]
    assert [(x, depth_cm(DEMO) - y) for x, y in flipped] == list(points)
    person = picture["person-17"]
    assert person.get("transform") == f"translate({at[0]} {depth_cm(DEMO) - at[1]})"
    assert person.findtext(f"{SVG}title") == "Ann <B> & co"
    assert picture["bin-A-03-07-1"].get("data-state") == "due"
    assert "data-state" not in picture["bin-A-03-08-1"].attrib


def test_only_a_standalone_picture_carries_its_stylesheet() -> None:
    assert drawn(is_standalone=True)[""].find(f"{SVG}style") is not None
    assert drawn()[""].find(f"{SVG}style") is None
