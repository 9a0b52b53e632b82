"""Planned tours are shortest tours: against brute force, proven optima and published ones."""

from __future__ import annotations

import csv
import io
import re
import tarfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from hub.warehouse.tours import (
    PlaceOffTheFloor,
    Tour,
    as_listed,
    largest_gap,
    plan_tour,
    s_shape,
    tour_cm,
)
from hub.warehouse.tours_command import Instance
from hub.warehouse.walkways import Spot, Walkways
from tests.hub.warehouse.halls import Case, cases, shortest_cm

PICKING = Path(__file__).parents[2] / "data" / "picking"


class DevInstance(Instance, frozen=True):
    """An instance with the lengths that the rules of thumb are known to have."""

    s_shape_cm: int = 0
    largest_gap_cm: int = 0
    as_listed_cm: int = 0


DEV40 = msgspec.json.decode((PICKING / "routing_dev40.json").read_bytes(), type=list[DevInstance])


def case_of(instance: Instance) -> Case:
    geometry = instance.geometry
    stops = tuple(geometry.spot(*pick) for pick in instance.picks)
    depot = Spot(geometry.depot_aisle, 0)
    return Case(geometry.walkways(), stops, depot, depot)


def plan(case: Case, **limits: int) -> Tour:
    return plan_tour(case.walkways, case.stops, start=case.start, end=case.end, **limits)


def assert_is_a_tour_of(tour: Tour, case: Case) -> None:
    assert sorted(tour.order) == list(range(len(case.stops)))
    walked_cm = tour_cm(case.walkways, case.stops, tour.order, case.start, case.end)
    assert walked_cm == tour.length_cm


@settings(max_examples=300, deadline=None)
@given(cases())
def test_no_order_of_the_stops_is_shorter_than_the_planned_one(case: Case) -> None:
    tour = plan(case)
    assert_is_a_tour_of(tour, case)
    assert tour.length_cm == shortest_cm(case.walkways, case.stops, case.start, case.end)
    assert tour.bound_cm == tour.length_cm
    assert tour.method == "exact"


@settings(max_examples=150, deadline=None)
@given(cases(blocks_max=5))
def test_a_limited_search_still_visits_all_and_its_bound_holds(case: Case) -> None:
    tour = plan(case, frontiers_max=3)
    assert_is_a_tour_of(tour, case)
    optimum_cm = shortest_cm(case.walkways, case.stops, case.start, case.end)
    assert tour.bound_cm is not None
    assert tour.bound_cm <= optimum_cm <= tour.length_cm
    assert tour.length_cm <= min(rule_lengths_cm(case))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_rules_of_thumb_pass_every_stop_and_are_never_shorter(case: Case) -> None:
    planned = plan(case)
    for rule in (s_shape, largest_gap, as_listed):
        tour = rule(case.walkways, case.stops, start=case.start, end=case.end)
        assert sorted(tour.order) == list(range(len(case.stops)))
        walked_cm = tour_cm(case.walkways, case.stops, tour.order, case.start, case.end)
        assert planned.length_cm <= walked_cm <= tour.length_cm


@pytest.mark.parametrize("instance", DEV40, ids=lambda instance: instance.name)
def test_the_proven_optimum_is_found(instance: DevInstance) -> None:
    case = case_of(instance)
    tour = plan(case)
    assert_is_a_tour_of(tour, case)
    assert tour.length_cm == instance.optimal_cm
    assert tour.bound_cm == instance.optimal_cm


@pytest.mark.parametrize("instance", DEV40, ids=lambda instance: instance.name)
def test_baselines_have_their_known_lengths(instance: DevInstance) -> None:
    assert rule_lengths_cm(case_of(instance)) == [
        instance.s_shape_cm,
        instance.largest_gap_cm,
        instance.as_listed_cm,
    ]


def test_the_published_optima_are_found_in_one_block_and_in_two() -> None:
    """144 instances in both layouts (Heßler and Irnich); all that differ are named."""
    found, published = {}, {}
    for name, text, optima in published_instances():
        for layout, optimum in zip((one_block, two_blocks), optima, strict=True):
            found[name, layout.__name__] = plan(layout(text)).length_cm
            published[name, layout.__name__] = optimum
    assert len(found) == 288
    assert found == published


def test_a_stop_off_the_floor_is_refused_by_name() -> None:
    walkways = Walkways((0, 300), (0, 1000))
    with pytest.raises(PlaceOffTheFloor, match="stop 1 at aisle 2, 50 cm"):
        plan_tour(walkways, [Spot(0, 10), Spot(2, 50)], start=Spot(0, 0), end=Spot(0, 0))


def test_says_how_far_and_that_nothing_is_shorter() -> None:
    case = case_of(DEV40[0])
    assert plan(case).reason == (
        "138 m for 8 stops in 4 aisles: no shorter walk exists, 74 m less than S-shape."
    )


def test_the_same_question_has_the_same_answer() -> None:
    case = case_of(DEV40[-1])
    assert plan(case) == plan(case)


def rule_lengths_cm(case: Case) -> list[int]:
    return [
        rule(case.walkways, case.stops, start=case.start, end=case.end).length_cm
        for rule in (s_shape, largest_gap, as_listed)
    ]


def published_instances() -> list[tuple[str, str, tuple[int, int]]]:
    with tarfile.open(PICKING / "sprp_ss_mit.tar.gz") as archive:
        texts = {
            Path(member.name).name: archive.extractfile(member).read().decode("utf-8", "replace")
            for member in archive
            if member.isfile()
        }
    rows = csv.DictReader(io.StringIO(texts["optima.csv"]))
    return [
        (
            row["filename"],
            texts[row["filename"]],
            (int(row["optimal_single_block"]), int(row["optimal_two_block"])),
        )
        for row in rows
    ]


def one_block(text: str) -> Case:
    cells = _number(text, "NUM_CELLS")
    return _published_case(text, (0, cells + 1), lambda cell: cells - cell)


def two_blocks(text: str) -> Case:
    cells = _number(text, "NUM_CELLS")
    middle = cells // 2 + 1
    return _published_case(
        text, (0, middle, cells + 2), lambda cell: cells - cell + (cell < cells // 2)
    )


def _published_case(text: str, cross_y: tuple[int, ...], height) -> Case:
    aisles, depot_aisle = _number(text, "NUM_AISLES"), _number(text, "DEPOT_AISLE")
    depot = Spot(depot_aisle, 0 if "DEPOT_LOCATION : bottom" in text else cross_y[-1])
    picks = re.findall(r"AISLE (\d+) CELL (\d+)", text)
    stops = tuple(Spot(int(aisle), height(int(cell))) for aisle, cell in picks)
    return Case(Walkways(tuple(3 * a for a in range(aisles)), cross_y), stops, depot, depot)


def _number(text: str, key: str) -> int:
    return int(re.search(rf"{key} : (\d+)", text)[1])
