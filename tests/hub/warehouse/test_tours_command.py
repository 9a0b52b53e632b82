"""`binlight tours` plans what a file asks for, and refuses by name what it cannot read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.warehouse.tours_command import ToursFileRefused, command

DEV40 = Path(__file__).parents[2] / "data" / "picking" / "routing_dev40.json"
INSTANCE = {
    "name": "one",
    "geometry": {
        "aisles": 3,
        "blocks": 2,
        "bays_per_block": 5,
        "aisle_pitch_cm": 300,
        "bay_pitch_cm": 100,
        "cross_aisle_width_cm": 200,
        "depot_aisle": 0,
    },
    "picks": [[1, 0, 2], [2, 1, 4]],
}


def run(tmp_path: Path, text: str) -> tuple[Result, Path]:
    file, out = tmp_path / "in.json", tmp_path / "out.json"
    file.write_text(text)
    return CliRunner().invoke(command, [str(file), "--out", str(out)]), out


def test_writes_order_and_length_of_every_instance(tmp_path: Path) -> None:
    result, out = run(tmp_path, DEV40.read_text())
    assert result.exit_code == 0
    tours, instances = json.loads(out.read_text()), json.loads(DEV40.read_text())
    assert {name: tour["length_cm"] for name, tour in tours.items()} == {
        instance["name"]: instance["optimal_cm"] for instance in instances
    }
    for instance in instances:
        order = tours[instance["name"]]["order"]
        assert sorted(order) == list(range(len(instance["picks"])))
    assert "gap: mean 0.00%, median 0.00%, most 0.00%" in result.output


def test_says_proven_where_no_optimum_is_given(tmp_path: Path) -> None:
    result, out = run(tmp_path, json.dumps([INSTANCE]))
    assert json.loads(out.read_text()) == {"one": {"order": [1, 0], "length_cm": 3700}}
    assert result.output.splitlines()[1].split() == ["one", "2", "37.0", "proven"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "truncated"),
        ('{"name": "one"}', "Expected `array`"),
        (json.dumps([{**INSTANCE, "picks": [[1, 0]]}]), "$[0].picks[0]"),
        (json.dumps([{**INSTANCE, "picks": [[1, 2, 0]]}]), "pick 0 at block 2, and only 0 to 1"),
        (json.dumps([{**INSTANCE, "geometry": {}}]), "missing required field `aisles`"),
        (json.dumps([INSTANCE, INSTANCE]), "'one' comes twice"),
        (
            json.dumps([{**INSTANCE, "geometry": {**INSTANCE["geometry"], "depot_aisle": 3}}]),
            "depot at aisle 3 of 3",
        ),
    ],
)
def test_a_bad_file_is_refused_and_nothing_is_written(tmp_path: Path, text: str, says: str) -> None:
    result, out = run(tmp_path, text)
    assert isinstance(result.exception, ToursFileRefused)
    assert says in str(result.exception)
    assert not out.exists()


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / "no.json"), "--out", "x"])
    assert isinstance(result.exception, ToursFileRefused)
    assert "no.json: cannot be read: No such file or directory." in str(result.exception)
