"""`binlight bench NAME`: a table of benchmarks, each loaded only when it is called."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from simulators.bench.plots import svg
from simulators.campaigns.must_not_be import broken
from simulators.campaigns.totals import Totals

BENCHES: Final = {
    "events": "simulators.bench.events:measure",
    "waves": "simulators.bench.waves:measure",
    "import": "simulators.bench.imports:measure",
    "pages": "simulators.bench.pages:measure",
    "start": "simulators.bench.start:measure",
    "drain": "simulators.bench.drain:measure",
    "reconnect": "simulators.bench.reconnect:measure",
    "backup": "simulators.bench.backups:measure",
}
"""Each takes `say` for progress and keyword options, and returns what is printed as JSON."""
CAMPAIGNS: Final = {
    "crash-images": "simulators.campaigns.crash_images.campaign:measure",
    "doubles": "simulators.campaigns.doubles:measure",
    "faults": "simulators.campaigns.faults.campaign:measure",
    "flips": "simulators.campaigns.faults.flips:measure",
    "fuzz": "simulators.campaigns.fuzzing.campaign:measure",
    "transfers": "simulators.campaigns.transfers:measure",
}
"""Likewise; stopped and continued, and the runs add up in the folder of results."""
TOTALS_FOLDER: Final = "campaigns"


@click.command("bench")
@click.argument("name", type=click.Choice([*BENCHES, *CAMPAIGNS]))
@click.option("--json", "only_json", is_flag=True, help="Nothing but the JSON on the output.")
@click.option(
    "--results", type=click.Path(path_type=Path, file_okay=False),
    help="Keep the JSON and a picture of it in this folder.",
)  # fmt: skip
@click.option("--scale", default=1.0, show_default=True, help="Shorter or longer runs.")
@click.option("--seed", type=int, help="Of a campaign: the same seed tries the same things.")
@click.option("--events", type=int, help="Of faults: go on until so many were promised.")
@click.option("--minutes", type=float, help="Stop a campaign after so long; Ctrl-C does as well.")
def bench(
    name: str, only_json: bool, results: Path | None, scale: float, **chosen: object
) -> None:  # fmt: skip
    """Measure one thing, or run a campaign; the last line is one JSON object.

    Ends with 1 when a campaign found what must not be.
    """

    def say(text: str) -> None:
        click.echo(text, err=only_json)

    measure = _load(name)
    result = {**measure(say, scale=scale, **_given(name, measure, chosen)), "machine": _machine()}
    if results is not None and name in CAMPAIGNS:
        result = _add_up(name, result, results / TOTALS_FOLDER)
    elif results is not None:
        _keep(result, results / name)
    click.echo(json.dumps(result, sort_keys=True))
    sys.stdout.flush()
    if wrong := list(broken(result)):
        raise click.ClickException(f"This must not be: {'; '.join(wrong)}")


def _given(
    name: str, measure: Callable[..., dict[str, Any]], chosen: dict[str, object]
) -> dict[str, object]:  # fmt: skip
    """The options that somebody named; refused by name where they would change nothing."""
    given = {option: value for option, value in chosen.items() if value is not None}
    for option in given.keys() - inspect.signature(measure).parameters.keys():
        raise click.UsageError(f"'binlight bench {name}' has no --{option}.")
    return given


def _add_up(name: str, result: dict[str, Any], folder: Path) -> dict[str, Any]:
    """One more run of a campaign, and what all its runs together have shown."""
    totals = Totals(folder)
    totals.add(name, result)
    return {**result, "totals": totals.sum(name)}


def _machine() -> dict[str, Any]:
    """What the figures are of: they mean little without it."""
    return {
        "cores": os.cpu_count(), "python": platform.python_version(),
        "kind": platform.machine(), "load_1_min": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def _keep(result: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, sort_keys=True)
    path.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
    picture = svg(result)
    if picture is not None:
        path.with_suffix(".svg").write_text(picture, encoding="utf-8")


def _load(name: str) -> Callable[..., dict[str, Any]]:
    module, _, attribute = {**BENCHES, **CAMPAIGNS}[name].partition(":")
    try:
        found: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"The benchmark {name!r} is not here yet.") from missing
    return found
