"""The table of acts: every row can be done, and what is wrong is refused by name."""

from __future__ import annotations

import inspect

import pytest

from simulators.tester_bench import bench
from simulators.tester_bench.acts import ACTS, REQUIRED, BadParameter, UnknownAct, checked


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_act_is_a_method_that_takes_its_parameters(name: str):
    method = inspect.signature(getattr(bench.TesterBench, name))
    wanted = {one.name: one.default for one in ACTS[name].parameters}
    taken = {key: one.default for key, one in method.parameters.items() if key != "self"}
    assert taken.keys() == wanted.keys()
    for key, default in taken.items():
        is_required = default is inspect.Parameter.empty
        assert is_required == (wanted[key] is REQUIRED)
        assert is_required or default == wanted[key]


def test_what_is_left_out_has_its_default():
    assert checked("burst", {"device": "h1", "code": "%X"}) == {
        "device": "h1", "code": "%X", "count": 20, "per_second": 20, "unplug_after": 0,
    }  # fmt: skip


def test_numbers_may_come_as_text():
    assert checked("set_battery", {"device": "h1", "percent": "9"})["percent"] == 9


@pytest.mark.parametrize(
    ("act", "given", "named"),
    [
        ("scan", {"device": "h1"}, "code"),
        ("scan", {"device": "h1", "code": ""}, "code"),
        ("scan", {"device": "h1", "code": "x", "colour": "red"}, "colour"),
        ("scan", {"device": "h1", "code": 7}, "code"),
        ("scan", {"device": "h1", "code": "x", "damage": "burnt"}, "damage"),
        ("set_battery", {"device": "h1", "percent": 101}, "percent"),
        ("set_battery", {"device": "h1", "percent": "full"}, "percent"),
        ("burst", {"device": "h1", "code": "x", "count": "nan"}, "count"),
        ("kill_part", {"part": "roof"}, "part"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(act: str, given: dict[str, object], named: str):
    with pytest.raises(BadParameter) as refused:
        checked(act, given)
    assert refused.value.name == named


def test_an_unknown_act_is_refused_with_those_there_are():
    with pytest.raises(UnknownAct, match="scan_asked"):
        checked("dance", {})
