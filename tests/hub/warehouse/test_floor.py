"""A floor is what its description says, and a wrong description says what to change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.warehouse.floor import (
    Floor,
    FloorRefused,
    UnknownBin,
    demo_floor,
    load_floor,
    tour_polyline,
)
from hub.warehouse.tours import plan_tour
from hub.warehouse.walkways import path_cm

SMALL = """
name = "Back room"
zone = "B"
aisles = 2
blocks = 2
bays_per_block = 3
levels = 2
aisle_pitch_cm = 300
bay_pitch_cm = 100
cross_aisle_width_cm = 200
depot = { name = "Door", aisle = 1 }
packing_bench = { name = "Bench", aisle = 2, cross_aisle = 2 }
"""
DEMO = demo_floor()


@pytest.fixture
def small() -> Floor:
    return load_floor(SMALL)


def test_bins_stand_at_the_middle_of_their_bay(small: Floor) -> None:
    bin_ = small.bin("B-02-09-2")
    assert (bin_.aisle, bin_.block, bin_.bay, bin_.side, bin_.level) == (1, 1, 1, "left", 2)
    assert (bin_.x_cm, bin_.y_cm) == (300, 500 + 100 + 100 + 50)


def test_both_sides_of_a_bay_are_reached_from_one_spot(small: Floor) -> None:
    left, right = small.bin("B-01-01-1"), small.bin("B-01-02-1")
    assert (left.side, right.side) == ("left", "right")
    assert small.distance_cm(left, right) == 0


def test_every_bin_is_found_by_its_code_and_codes_are_unique(small: Floor) -> None:
    bins = list(small.bins())
    assert len({bin_.code for bin_ in bins}) == len(bins) == 2 * 2 * 3 * 2 * 2
    assert [small.bin(bin_.code) for bin_ in bins] == bins


@pytest.mark.parametrize(
    "code",
    ["A-01-01-1", "B-00-01-1", "B-03-01-1", "B-01-00-1", "B-01-13-1", "B-01-01-0", "B-01-01-3"],
)
def test_a_bin_that_is_not_there_is_refused(small: Floor, code: str) -> None:
    with pytest.raises(UnknownBin, match=code):
        small.bin(code)


@given(st.text(max_size=12))
def test_any_other_text_is_no_bin(text: str) -> None:
    with pytest.raises(UnknownBin):
        load_floor(SMALL).bin(text)


def test_landmarks_stand_where_aisle_and_cross_aisle_meet(small: Floor) -> None:
    assert small.walkways.point(small.start) == (0, 0)
    assert small.walkways.point(small.bench) == (300, 1000)


def test_the_demo_hall_has_room_for_each_article_and_a_reserve() -> None:
    assert len(list(DEMO.bins())) >= 1898 * 1.15
    assert len({bin_.aisle for bin_ in DEMO.bins()}) == 12


@given(st.lists(st.sampled_from(list(DEMO.bins())), min_size=1, max_size=20))
def test_a_drawn_tour_is_as_long_as_the_planned_one(stops) -> None:
    tour = plan_tour(DEMO.walkways, stops, start=DEMO.start, end=DEMO.bench)
    line = tour_polyline(DEMO, [DEMO.start, *(stops[i] for i in tour.order), DEMO.bench])
    assert path_cm(line) == tour.length_cm
    assert DEMO.along(line, tour.length_cm) == DEMO.walkways.point(DEMO.bench)


def test_no_places_draw_no_line() -> None:
    assert tour_polyline(DEMO, []) == ()


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("levels = 2", "levles = 2", "levles", "did you mean 'levels'"),
        ("aisle = 1 }", "aisle = 1, colour = 1 }", "depot.colour", "no such key"),
        ("levels = 2", "", "levels", "missing"),
        ('name = "Door", ', "", "depot.name", "missing"),
        ("levels = 2", "levels = 0", "levels", ">= 1, but it says 0"),
        ("bay_pitch_cm = 100", "bay_pitch_cm = 99.5", "bay_pitch_cm", "it says 99.5"),
        ("bays_per_block = 3", "bays_per_block = 25", "bays_per_block", "use at most 24"),
        ('depot = { name = "Door", aisle = 1 }', "depot = 1", "depot", "it says 1"),
        ("aisle = 1 }", "aisle = 3 }", "depot.aisle", "use 1 to 2"),
        ("cross_aisle = 2", "cross_aisle = 3", "packing_bench.cross_aisle", "use 0 to 2"),
        ('zone = "B"', 'zone = "b"', "zone", "it says 'b'"),
        ("aisles = 2", "aisles = ", "the file", "not TOML"),
    ],
)
def test_a_wrong_description_names_the_field(old: str, new: str, field: str, says: str) -> None:
    assert old in SMALL
    with pytest.raises(FloorRefused) as refused:
        load_floor(SMALL.replace(old, new, 1))
    assert refused.value.field == field
    assert says in str(refused.value)
