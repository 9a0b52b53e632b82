"""Distances are those of people who walk along aisles and cross-aisles."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.warehouse.walkways import Spot, Walkways, along, joined, path_cm
from tests.hub.warehouse.halls import halls, spots

TWO_BLOCKS = Walkways((0, 300, 600), (0, 1000, 2000))


@st.composite
def three_places(draw: st.DrawFn) -> tuple[Walkways, Spot, Spot, Spot]:
    walkways = draw(halls())
    places = spots(walkways)
    return walkways, draw(places), draw(places), draw(places)


@given(three_places())
def test_distance_is_a_metric(question: tuple[Walkways, Spot, Spot, Spot]) -> None:
    walkways, a, b, c = question
    distance = walkways.distance_cm
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (walkways.point(a) == walkways.point(b))
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@given(three_places())
def test_a_path_is_as_long_as_the_distance_and_stays_on_the_walkways(
    question: tuple[Walkways, Spot, Spot, Spot],
) -> None:
    walkways, a, b, _ = question
    path = walkways.path(a, b)
    assert (path[0], path[-1]) == (walkways.point(a), walkways.point(b))
    assert path_cm(path) == walkways.distance_cm(a, b)
    for walked_cm in range(path_cm(path) + 1):
        x_cm, y_cm = along(path, walked_cm)
        assert x_cm in walkways.aisle_x_cm or y_cm in walkways.cross_y_cm


@given(three_places())
def test_each_centimetre_walked_is_a_centimetre_further(
    question: tuple[Walkways, Spot, Spot, Spot],
) -> None:
    walkways, a, b, c = question
    path = joined((walkways.path(a, b), walkways.path(b, c)))
    length_cm = path_cm(path)
    assert length_cm == walkways.distance_cm(a, b) + walkways.distance_cm(b, c)
    steps = [along(path, walked_cm) for walked_cm in range(length_cm + 1)]
    assert (steps[0], steps[-1]) == (path[0], path[-1])
    for one, other in pairwise(steps):
        assert path_cm((one, other)) == 1


def test_somebody_who_walked_further_than_the_path_stands_at_its_end() -> None:
    path = TWO_BLOCKS.path(Spot(0, 100), Spot(2, 100))
    assert along(path, 10_000) == (600, 100)
    assert along(path, -5) == (0, 100)


def test_the_nearer_cross_aisle_is_taken() -> None:
    assert TWO_BLOCKS.path(Spot(0, 800), Spot(1, 700)) == (
        (0, 800),
        (0, 1000),
        (300, 1000),
        (300, 700),
    )


def test_of_two_equal_ways_the_front_one_is_taken() -> None:
    assert TWO_BLOCKS.path(Spot(0, 500), Spot(1, 500))[1] == (0, 0)
