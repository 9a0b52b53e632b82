"""Simulated people read the very screen that real ones do."""

from __future__ import annotations

from simulators.people.screen_reading import LineOnScreen, lines_over, read_line, slot_to_fill
from tests.edge.handheld.floor import LANTERN, MUG, Handheld, assignment, line, picking, ready

LINES = [line(1, "A-01-01-1", 2, "A"), line(2, "A-02-02-1", 1, "B", MUG)]


def begun() -> Handheld:
    handheld = ready()
    handheld.offer(assignment(LINES))
    return handheld


def test_sees_which_slot_wants_a_tote() -> None:
    handheld = begun()
    assert slot_to_fill(handheld.view) == "A"
    handheld.tote("T-1")
    assert slot_to_fill(handheld.view) == "B"
    handheld.tote("T-2")
    assert slot_to_fill(handheld.view) is None


def test_reads_the_line_with_its_count_its_slot_and_its_tote() -> None:
    handheld = picking(LINES)
    handheld.bin("A-01-01-1")
    handheld.scan(next(iter(LANTERN)))
    expected = LineOnScreen("A-01-01-1", "WHITE LANTERN", 2, 1, "A", "T-1")
    assert read_line(handheld.view) == expected


def test_sees_how_many_lines_are_over() -> None:
    handheld = picking(LINES)
    assert lines_over(handheld.view) == 0
    handheld.bin("A-01-01-1")
    handheld.scan(*[next(iter(LANTERN))] * 2)
    handheld.tote("T-1")
    assert lines_over(handheld.view) == 1
    handheld.bin("A-02-02-1")
    handheld.scan(next(iter(MUG)))
    handheld.tote("T-2")
    assert handheld.view.phase == "FINISH"
    assert lines_over(handheld.view) == 2


def test_finds_no_line_where_none_is_shown() -> None:
    handheld = ready()
    assert read_line(handheld.view) is None
    assert lines_over(handheld.view) == 0
