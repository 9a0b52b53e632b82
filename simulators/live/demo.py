"""`binlight demo`: a working warehouse on this machine, to watch or to audit. Owns its options.

Hub, broker, gateway, pages, planner and devices are real processes; only people and metal are
simulated, and only people are sped up.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from hub.config import DEFAULT_BROKER_PORT, DEFAULT_PORT, HubConfig
from hub.process.ports import refuse_taken
from simulators.errors import DemoFailed
from simulators.live.chaos import kinds_of
from simulators.live.demo_world import DemoPlan, DemoReport, DemoWorld, Progress, save_report
from simulators.ports import free_port

SAY_EVERY_S: Final = 10.0
"""Between two lines of progress where no terminal overwrites them."""
SOME: Final = click.IntRange(min=1)


@click.command("demo")
@click.option(
    "--orders", type=SOME, default=200, show_default=True, help="How many of the bundled orders."
)
@click.option("--pickers", type=SOME, default=6, show_default=True, help="People with handhelds.")
@click.option("--seed", default=7, show_default=True, help="Decides who errs when, and where.")
@click.option("--until-done", is_flag=True, help="End by itself once all is shipped, and verify.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="JSON file.")
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address of the pages.")
@click.option("--port", type=int, help="Port of the pages; by default 8080 or any free one.")
@click.option("--speed", default=0.0, help="How much faster people are; chosen by default.")
@click.option("--data", type=click.Path(path_type=Path), help="Keep everything in this folder.")
@click.option("--kill", "kill", default="", help="Test: SIGKILL these: broker,gateway,agent.")
@click.option("--kills", default=30, show_default=True, help="Test: how often.")
@click.option("--kill-within", default=60.0, show_default=True, help="Test: in so many seconds.")
def command(
    listen: str, port: int | None, data: Path | None, report: Path | None, kill: str, **asked: Any
) -> None:
    """Show a working warehouse on real orders: open the page that it prints, and watch."""
    plan = DemoPlan(kinds=kinds_of(kill), **asked)
    with _folder(data) as folder:
        config = HubConfig(
            folder=str(folder), listen=listen, port=port or free_port(DEFAULT_PORT),
            broker_port=free_port(DEFAULT_BROKER_PORT),
        ).check()  # fmt: skip
        found = play(plan, config)
    if found is None:
        return
    click.echo(_summary(found))
    if report is not None:
        save_report(found, report)
    sys.exit(0 if found.is_clean else 1)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The given folder, or one that is gone afterwards."""
    if data is not None:
        yield data.expanduser().absolute()
        return
    made = Path(tempfile.mkdtemp(prefix="binlight-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def play(plan: DemoPlan, config: HubConfig) -> DemoReport | None:
    """Build the world, run it, audit it; None when somebody ended it before it was done.

    Raises DemoFailed when the folder is in use, or when a run is not done in time; PortTaken.
    """
    if (config.data / "hub.db").exists():
        raise DemoFailed(f"{config.data} holds a hub already; choose another --data.")
    refuse_taken(config.port)
    click.echo("Filling the warehouse with two real days of orders …")
    world = DemoWorld(plan, config, click.echo)
    teller = Teller(world)
    world.on_progress, world.on_idle = teller.progress, teller.idle
    was_stopped = True
    end_like_ctrl_c()
    try:
        click.echo("Starting hub, broker and devices …")
        world.start()
        teller.welcome()
        world.run()
        was_stopped = False
    except KeyboardInterrupt:
        click.echo("\nEnding everything …")
    finally:
        world.stop()
    if was_stopped:
        return None
    if not world.crew.has_gone:
        raise DemoFailed(f"The day was not done after {plan.seconds_max:.0f} s.")
    click.echo("\nComparing devices, hub and world …")
    return world.report()


def end_like_ctrl_c() -> None:
    """SIGTERM and a closed terminal end everything too; hub and broker are sessions of their own
    and would stay. Under nohup the terminal may go.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _as_interrupt)


def _as_interrupt(_signal: int, _frame: object) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # shells send it again, amid the ending
    raise KeyboardInterrupt


class Teller:
    """Says on the terminal how the day goes."""

    def __init__(self, world: DemoWorld) -> None:
        self._world = world
        self._began = self._said_at = time.monotonic()
        self._is_idle = False
        self._is_terminal = sys.stdout.isatty()

    def welcome(self) -> None:
        world = self._world
        click.echo(f"\n  The page:  {world.config.page_url}")
        click.echo(f"  Log in as  admin  with the one-time password  {world.hub.password}")
        click.echo(
            f"\n{world.plan.pickers} pickers work through {world.plan.orders} orders "
            f"({world.lines} lines), {world.speed:.0f} times as fast as people do. "
            "Ctrl-C ends it.\n"
        )

    def progress(self, now: Progress) -> None:
        moment = time.monotonic()
        if not self._is_terminal and moment - self._said_at < SAY_EVERY_S:
            return
        self._said_at = moment
        killed = f" · {now.kills} kills" if now.kills else ""
        line = (
            f"{moment - self._began:5.0f} s  {now.shipped:3d} of {now.orders} orders shipped · "
            f"{now.lines} lines picked, {now.short} short · {now.exceptions} exceptions{killed}"
        )
        click.echo("\r" + line + "   ", nl=not self._is_terminal)

    def idle(self) -> None:
        if not self._is_idle and not self._world.plan.until_done:
            click.echo("\nAll that stock allows is shipped. The page stays until Ctrl-C.")
        self._is_idle = True


def _summary(report: DemoReport) -> str:
    saved = 1 - report.walked_m / max(report.walked_m_baseline, 1)
    return (
        f"{report.orders_shipped} orders shipped, {report.lines_picked} lines picked, "
        f"{report.lines_short} short.\n"
        f"{report.events_sent} events sent, {report.events_lost} lost, "
        f"{report.events_doubled} doubled; {report.world_mismatch} differences between books and "
        f"world; verify: {report.verify}.\n"
        f"{report.walked_m:,} m walked, {report.walked_m_baseline:,} m without planning "
        f"({saved:.0%} saved). {report.seconds:.0f} s."
    )
