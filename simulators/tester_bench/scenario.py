"""A session as a file: TOML with a version, a world, and steps. Owns reading and writing it.

A step is an act of the bench with its parameters; `after_s` is the time since the step before.
Unknown keys, acts and parameters are refused when the file is read, by step and name.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.errors import SimulatorsError
from simulators.tester_bench.acts import BadParameter, UnknownAct, checked
from simulators.tester_bench.world_plan import WorldPlan

VERSION: Final = 1
STEPS_MAX: Final = 10_000
AFTER_S: Final = "after_s"


class BadScenario(SimulatorsError):
    code = "BAD_SCENARIO"

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"The scenario {name} cannot be played: {problem.rstrip('.')}.")


class Step(msgspec.Struct, frozen=True):
    """One act. `given` holds what the file says; defaults are the table's."""

    act: str
    given: dict[str, Any]
    after_s: float = 0.0

    def __str__(self) -> str:
        said = (f"{name}={value!r}" for name, value in self.given.items())
        return " ".join([self.act, *said])


class Scenario(msgspec.Struct, frozen=True):
    """A whole session. `live_only`: why virtual time cannot play it."""

    title: str
    world: WorldPlan
    steps: tuple[Step, ...]
    version: int = VERSION
    live_only: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    title: str
    world: WorldPlan = WorldPlan()
    live_only: str = ""
    step: list[dict[str, Any]] = []


def read_scenario(file: Path) -> Scenario:
    """Read and check a file. Raises BadScenario."""
    try:
        return parse_scenario(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadScenario(file.name, str(wrong)) from wrong


def parse_scenario(text: str, name: str = "text") -> Scenario:
    """Check a file's text. Raises BadScenario."""
    try:
        read = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise BadScenario(name, str(wrong)) from wrong
    if read.version != VERSION:
        raise BadScenario(name, f"its version is {read.version}, and {VERSION} can be read")
    if len(read.step) > STEPS_MAX:
        raise BadScenario(name, f"more than {STEPS_MAX} steps")
    steps = tuple(_step(name, n, table) for n, table in enumerate(read.step, 1))
    return Scenario(read.title, read.world, steps, live_only=read.live_only)


def _step(name: str, n: int, table: dict[str, Any]) -> Step:
    given = dict(table)
    act, after_s = given.pop("act", ""), given.pop(AFTER_S, 0.0)
    if not isinstance(after_s, int | float) or after_s < 0:
        raise BadScenario(name, f"step {n}, {AFTER_S}: use seconds, 0 or more")
    try:
        checked(str(act), given)
    except (UnknownAct, BadParameter) as wrong:
        raise BadScenario(name, f"step {n}: {wrong}") from wrong
    return Step(str(act), given, float(after_s))


def write_scenario(scenario: Scenario) -> str:
    """The text of a file that reads as the same scenario: one line for each step."""
    lines = [f"version = {scenario.version}", f"title = {_toml(scenario.title)}"]
    if scenario.live_only:
        lines.append(f"live_only = {_toml(scenario.live_only)}")
    lines.append(f"world = {_table(msgspec.structs.asdict(scenario.world))}")
    steps = (f"  {_table(_as_table(step))}," for step in scenario.steps)
    return "\n".join([*lines, "step = [", *steps, "]"]) + "\n"


def _as_table(step: Step) -> dict[str, Any]:
    after = {AFTER_S: step.after_s} if step.after_s else {}
    return {"act": step.act, **step.given, **after}


def _table(values: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{name} = {_toml(value)}" for name, value in values.items()) + " }"


def _toml(value: Any) -> str:
    """JSON's strings and numbers are TOML's, but for DEL, which only TOML has escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
