"""Scenario files: what is written reads the same, and what cannot be played is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from simulators.tester_bench.scenario import (
    BadScenario,
    Scenario,
    Step,
    parse_scenario,
    read_scenario,
    write_scenario,
)
from simulators.tester_bench.world_plan import WorldPlan

WORDS = some.text(some.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
STEPS = some.one_of(
    some.builds(
        lambda code, after: Step("scan", {"device": "h1", "code": code}, after / 10),
        WORDS, some.integers(0, 1_000),
    ),
    some.builds(
        lambda percent: Step("set_battery", {"device": "h1", "percent": percent}),
        some.integers(0, 100),
    ),
    some.just(Step("expect_audit", {})),
)  # fmt: skip
SHORTEST = 'version = 1\ntitle = "t"\n'


@given(WORDS, some.lists(STEPS, max_size=5), some.integers(0, 2**31))
def test_a_scenario_survives_being_written(title: str, steps: list[Step], seed: int):
    scenario = Scenario(title, WorldPlan(seed=seed), tuple(steps))
    assert parse_scenario(write_scenario(scenario)) == scenario


def test_a_step_may_have_a_table_of_its_own():
    text = SHORTEST + '[[step]]\nact = "pause"\nseconds = 3\nafter_s = 1.5\n'
    assert parse_scenario(text).steps == (Step("pause", {"seconds": 3}, 1.5),)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("version = ", "Invalid"),
        ('title = "t"\n', "version"),
        ('version = 2\ntitle = "t"\n', "its version is 2"),
        (SHORTEST + "colour = 1\n", "colour"),
        (SHORTEST + "world = { towers = 2 }\n", "towers"),
        (SHORTEST + 'step = [{ act = "dance" }]\n', "step 1: There is no act 'dance'"),
        (
            SHORTEST + 'step = [{ act = "expect_audit" }, { act = "scan" }]\n',
            "step 2: scan, device",
        ),
        (SHORTEST + 'step = [{ act = "stop_hub", after_s = -1 }]\n', "after_s"),
        (SHORTEST + 'step = [{ act = "stop_hub", part = "web" }]\n', "part"),
    ],
)
def test_what_cannot_be_played_is_refused_by_step_and_name(text: str, named: str):
    with pytest.raises(BadScenario, match=named):
        parse_scenario(text)


def test_a_refusal_within_a_refusal_ends_in_one_full_stop():
    with pytest.raises(BadScenario, match=r"[^.]\.$"):
        parse_scenario(SHORTEST + 'step = [{ act = "dance" }]\n')


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    file = tmp_path / "photo.toml"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(BadScenario, match=r"photo\.toml"):
        read_scenario(file)
