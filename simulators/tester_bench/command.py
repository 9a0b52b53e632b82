"""`binlight sim bench`, `sim play` and `sim do`: the testers' bench by command line."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from simulators.errors import SimulatorsError
from simulators.tester_bench.acts import ACTS, REQUIRED
from simulators.tester_bench.player import PAUSE_MAX_S
from simulators.tester_bench.scenario import Step, read_scenario
from simulators.tester_bench.world_plan import WorldPlan

CART_SLOTS = 2
TERMINAL_EMULATOR = "pyte"
PORT = click.IntRange(0, 65_535)
FOLDER = click.Path(path_type=Path, file_okay=False)


class NoTerminalEmulator(SimulatorsError):
    code = "NO_TERMINAL_EMULATOR"

    def __init__(self) -> None:
        super().__init__(
            f"Real displays need {TERMINAL_EMULATOR}, which is not installed here. "
            "Run 'make setup' once, in Binlight's own folder."
        )


def look_for_terminal_emulator() -> None:
    """Raises NoTerminalEmulator. What a hub needs is installed without it."""
    if find_spec(TERMINAL_EMULATOR) is None:
        raise NoTerminalEmulator


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
    if not virtual:
        look_for_terminal_emulator()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # processes are ended, not left
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


@click.command("bench")
@click.option("--port", type=PORT, help="The page's; by default 8090 or any free one.")
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address of the page.")
@click.option("--beyond-loopback", is_flag=True, help="Allow --listen beyond this machine.")
@click.option("--handhelds", default=2, show_default=True, help="How many.")
@click.option("--orders", default=12, show_default=True, help="How many of the bundled orders.")
@click.option("--seed", default=7, show_default=True, help="Decides stock, people and PINs.")
@click.option("--secure", is_flag=True, help="Devices have certificates, and enrol by codes.")
@click.option("--data", type=FOLDER, help="Keep the world in this folder.")
@click.option(
    "--join", type=FOLDER, help="Put the handhelds beside a hub that runs on this folder."
)
@click.option("--broker-port", type=int, help="With --join: where that hub's broker listens.")
def bench(
    listen: str, port: int | None, data: Path | None, join: Path | None,
    broker_port: int | None, beyond_loopback: bool, **world: Any,
) -> None:  # fmt: skip
    """Serve a page with virtual handhelds, scanners and a network for a tester's hands."""
    look_for_terminal_emulator()
    if join is not None and world["secure"]:
        raise click.UsageError("--secure is the hub's own choice; leave it out with --join.")
    from simulators.tester_bench.serving import Place, serve

    place = Place(listen, port, data, join, broker_port, beyond_loopback)
    serve(WorldPlan(slots=CART_SLOTS, **world), place, click.echo)


@click.command("do")
@click.argument("act", required=False)
@click.argument("given", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--port", type=PORT, help="The bench's, when several run.")
def do(act: str | None, given: tuple[str, ...], port: int | None) -> None:
    """Do something on the bench that runs: `binlight sim do scan device=handheld-1 code=…`.

    Without an act it lists them all.
    """
    if act is None:
        click.echo("\n".join(acts_as_text()))
        return
    from simulators.tester_bench.remote import act_on, running_bench

    heard = act_on(running_bench(port), act, pairs(given))
    click.echo(" ".join(heard) or "done")


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
