"""docs/lessons.md and the tests that tell its stories name each other."""

from __future__ import annotations

import re

from tests.tidy.repository import ROOT, files_ending, functions_of, text_of

ROW = re.compile(r"^\| (\d+) \| .+ \| .+ \| `(\w+)` \|$", re.MULTILINE)
NAMED = re.compile(r"[Ll]essons? (\d+(?:(?:, | and | to )\d+)*)")


def stories() -> dict[int, str]:
    """Number of a lesson → the test that tells it, as the page says."""
    page = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
    return {int(number): test for number, test in ROW.findall(page)}


def test_every_story_on_the_page_is_a_test():
    tests = {
        function.name
        for name in files_ending(".py")
        if name.parts[0] == "tests"
        for function in functions_of(name)
    }
    assert len(stories()) > 20
    assert set(stories().values()) <= tests


def test_every_lesson_that_code_or_a_test_names_is_on_the_page():
    named = {
        int(number)
        for name in files_ending(".py")
        for numbers in NAMED.findall(text_of(name) or "")
        for number in re.findall(r"\d+", numbers)
    }
    assert named
    assert named <= set(stories())
