"""`binlight sim …`: shifts in virtual time, and the testers' bench. Owns the command line alone."""

from __future__ import annotations

import click
import msgspec

from simulators.campaigns.must_not_be import broken
from simulators.tester_bench import command as bench_command
from simulators.virtual.faults import fault_plan
from simulators.virtual.shift import ShiftPlan, run_shift


@click.group("sim", context_settings={"help_option_names": ["-h", "--help"]})
def sim() -> None:
    """Simulate a warehouse: whole shifts in virtual time, or hardware for a tester's hands."""


sim.add_command(bench_command.bench)
sim.add_command(bench_command.play)
sim.add_command(bench_command.do)


@sim.command("shift")
@click.option("--seed", default=7, show_default=True, help="Decides everything that is left open.")
@click.option("--hours", default=12.0, show_default=True, help="When everybody goes home.")
@click.option("--orders", default=60, show_default=True, help="How many of the bundled orders.")
@click.option("--pickers", default=4, show_default=True)
@click.option("--faults", default="", help="broker,gateway,agent,radio; or all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object after the hash.")
def shift(seed: int, hours: float, orders: int, pickers: int, faults: str, as_json: bool) -> None:
    """Play one shift, and print the stock ledger's last hash."""
    plan = ShiftPlan(
        seed=seed, hours=hours, orders=orders, pickers=pickers, faults=fault_plan(faults)
    )
    report = run_shift(plan)
    click.echo(report.hash)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        click.echo(
            f"{report.orders_shipped} orders shipped, {report.lines_picked} lines picked, "
            f"{report.lines_short} short, in {report.hours} hours; {report.events_lost} events "
            f"lost, {report.events_doubled} doubled, {report.world_mismatch} mismatches, "
            f"verify {report.verify}",
            err=True,
        )


@sim.command("offline")
@click.option("--seed", default=7, show_default=True, help="Decides everything that is left open.")
@click.option("--hours", default=8.0, show_default=True, help="So long the devices are away.")
@click.option("--devices", default=3, show_default=True, help="How many go away.")
@click.option("--others", default=3, show_default=True, help="How many people go on beside them.")
@click.option("--orders", default=264, show_default=True, help="How many of the bundled orders.")
def offline(seed: int, hours: float, devices: int, others: int, orders: int) -> None:
    """Play hours without the hub, and print what became of them as one JSON object.

    Ends with 1 when something was lost, doubled, or left to people without need.
    """
    from simulators.virtual.offline import OfflinePlan, run_offline

    report = run_offline(OfflinePlan(seed, hours, devices, others, orders))
    click.echo(msgspec.json.encode(report).decode())
    if wrong := list(broken(msgspec.structs.asdict(report))):
        raise click.ClickException(f"This must not be: {'; '.join(wrong)}")
