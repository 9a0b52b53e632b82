"""`binlight sim bench`, `sim play` and `sim do`: the testers' bench by command line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from simulators.tester_bench.acts import ACTS, REQUIRED
from simulators.tester_bench.player import PAUSE_MAX_S
from simulators.tester_bench.scenario import Step, read_scenario

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("play")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--virtual", is_flag=True, help="In virtual time, instead of with real processes.")
@click.option("--pauses", default=PAUSE_MAX_S, show_default=True, help="Longest pause, in seconds.")
@click.option("--data", type=FOLDER, help="Keep the world in this folder.")
@click.option("--quiet", is_flag=True, help="Say nothing while it goes well.")
def play(file: Path, virtual: bool, pauses: float, data: Path | None, quiet: bool) -> None:
    """Play a recorded session again; exit 1 at the first step that fails."""
    from simulators.tester_bench.playing import own_folder, play_live, play_virtual

    scenario = read_scenario(file)
    began = time.monotonic()

    def told(n: int, step: Step) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - began:6.1f} s  {n:3d}  {step}")

    with own_folder(data) as folder:
        if virtual:
            click.echo(f"stock ledger: {play_virtual(scenario, folder, told=told)}")
        else:
            play_live(scenario, folder, pause_max_s=pauses, told=told)
    click.echo(f"{scenario.title}: {len(scenario.steps)} steps, all as expected.")


def acts_as_text() -> Iterator[str]:
    """One line for each act, as `sim do --list` prints them."""
    for act in ACTS.values():
        words = [
            name if default is REQUIRED else f"[{name}={default}]"
            for name, default in ((one.name, one.default) for one in act.parameters)
        ]
        yield f"{' '.join([act.name, *words]):60s} {act.says}"


def pairs(words: tuple[str, ...]) -> dict[str, Any]:
    """`device=h1 count=3` as values; the bench checks them. Raises click.BadParameter."""
    given: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise click.BadParameter(f"{word!r}: write NAME=VALUE")
        given[name] = value
    return given
