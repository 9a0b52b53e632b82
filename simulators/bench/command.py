"""`binlight bench NAME`: a table of benchmarks, each loaded only when it is called."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from simulators.bench.plots import svg

BENCHES: Final = {
    "events": "simulators.bench.events:measure",
    "waves": "simulators.bench.waves:measure",
    "import": "simulators.bench.imports:measure",
    "pages": "simulators.bench.pages:measure",
    "start": "simulators.bench.start:measure",
}
"""Each takes `say` for progress and keyword options, and returns what is printed as JSON."""


@click.command("bench")
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--json", "only_json", is_flag=True, help="Nothing but the JSON on the output.")
@click.option(
    "--results", type=click.Path(path_type=Path, file_okay=False),
    help="Keep the JSON and a picture of it in this folder.",
)  # fmt: skip
@click.option("--scale", default=1.0, show_default=True, help="Shorter or longer runs.")
def bench(name: str, only_json: bool, results: Path | None, scale: float) -> None:
    """Measure one thing; the last line is one JSON object."""

    def say(text: str) -> None:
        click.echo(text, err=only_json)

    result = {**_load(name)(say, scale=scale), "machine": _machine()}
    if results is not None:
        _keep(result, results / name)
    click.echo(json.dumps(result, sort_keys=True))
    sys.stdout.flush()


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
    module, _, attribute = BENCHES[name].partition(":")
    try:
        found: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"The benchmark {name!r} is not here yet.") from missing
    return found
