"""docs/conflicts.md, the table in code and the tests name the same kinds of conflicts."""

from __future__ import annotations

import ast
import re
from collections import Counter

from hub.warehouse.conflicts import CONFLICTS
from hub.warehouse.exceptions import KINDS
from simulators.virtual.offline import CAN_COME_ABOUT, EVERY_DAY, LEFT_TO_PEOPLE
from tests.tidy.repository import ROOT

PAGE = ROOT / "docs" / "conflicts.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.*) \| (.+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    """Name → (exception, who) as the page says."""
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name: (opens.strip(" `–"), who) for name, _, _, opens, who in found}


def played() -> list[str]:
    """Every name in a `@pytest.mark.conflict(…)` of the journeys."""
    return [
        call.args[0].value
        for path in sorted((ROOT / "tests" / "journeys").glob("*.py"))
        for test in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(test, ast.FunctionDef)
        for call in test.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.conflict"
    ]


def test_the_page_and_the_table_name_the_same_kinds_and_people():
    assert rows() == {found.name: (found.opens, found.who) for found in CONFLICTS}


def test_each_kind_is_played_through_by_one_test():
    assert Counter(played()) == Counter(found.name for found in CONFLICTS)


def test_what_is_left_to_people_is_a_kind_that_they_can_settle():
    for found in CONFLICTS:
        assert bool(found.opens) == (found.who != "nobody")
        assert not found.opens or found.opens in KINDS


def test_what_the_story_of_eight_hours_leaves_to_people_is_what_the_table_gives_them():
    """`binlight sim offline` counts every other kind that did not close by itself as a repair."""
    given = {found.name: found.opens for found in CONFLICTS if found.who != "nobody"}
    assert given.keys() >= CAN_COME_ABOUT
    assert {given[name] for name in CAN_COME_ABOUT} | EVERY_DAY == LEFT_TO_PEOPLE
    assert set(KINDS) >= LEFT_TO_PEOPLE
