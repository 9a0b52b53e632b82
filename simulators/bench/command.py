"""`binlight bench NAME`: a table of benchmarks, each loaded only when it is called."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any, Final

import click

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
@click.option("--scale", default=1.0, show_default=True, help="Shorter or longer runs.")
def bench(name: str, only_json: bool, scale: float) -> None:
    """Measure one thing; the last line is one JSON object."""

    def say(text: str) -> None:
        click.echo(text, err=only_json)

    result = _load(name)(say, scale=scale)
    click.echo(json.dumps(result, sort_keys=True))
    sys.stdout.flush()


def _load(name: str) -> Callable[..., dict[str, Any]]:
    module, _, attribute = BENCHES[name].partition(":")
    try:
        found: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"The benchmark {name!r} is not here yet.") from missing
    return found
