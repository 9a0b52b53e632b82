"""The one command, `binlight`: a table of sub-commands, each loaded only when it is called.

Owns how a sub-command is found and how an expected error is shown. It must not import any of
our packages, nor anything a handheld or a hub does without: a handheld has no Flask, a hub has
no evdev, and `binlight --help` works on both.
"""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import click

OUR_PACKAGES = frozenset({"protocols", "edge", "hub", "simulators"})
ROOT_ERRORS = frozenset(
    {
        "protocols.errors.ProtocolsError",
        "edge.errors.EdgeError",
        "hub.errors.HubError",
        "simulators.errors.SimulatorsError",
    }
)

UNFIT_PATH = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR}
    | {errno.EEXIST}
)


@dataclass(frozen=True)
class CommandEntry:
    """Where a sub-command lives, what it says about itself, and which extras it needs."""

    target: str
    help: str
    extras: str


COMMANDS = {
    "demo": CommandEntry(
        "simulators.live.demo:command", "Show a working warehouse: hub, broker, people.", "edge,hub"
    ),
    "hub": CommandEntry("hub.run:command", "Run a site's hub and its broker.", "hub"),
    "hub-service": CommandEntry(
        "hub.process.service_unit:command",
        "Print the unit that starts the hub with its machine.",
        "hub",
    ),
    "edge": CommandEntry("edge.run:command", "Run a device: handheld, dock, station.", "edge"),
    "edge-service": CommandEntry(
        "edge.service_unit:command", "Print the unit that starts a device with its machine.", "edge"
    ),
    "import": CommandEntry(
        "hub.bulk.commands:import_command", "Read items, stock, people, orders.", "hub"
    ),
    "export": CommandEntry("hub.bulk.commands:export_command", "Write them out again.", "hub"),
    "labels": CommandEntry(
        "hub.bulk.commands:labels_command", "Print badges and bin labels as PDF.", "hub"
    ),
    "device": CommandEntry("hub.device_commands:device", "Add, list and lock devices.", "hub"),
    "user": CommandEntry("hub.staff.commands:user", "Add people and set passwords.", "hub"),
    "verify": CommandEntry(
        "hub.verify.command:command", "Rebuild every balance from the ledgers and compare.", "hub"
    ),
    "backup": CommandEntry("hub.backup.commands:backup", "Back the hub up while it works.", "hub"),
    "restore": CommandEntry(
        "hub.backup.commands:restore_command", "Make the hub again from a backup.", "hub"
    ),
    "replay": CommandEntry(
        "hub.replaying.command:command", "Make the books again from the journal alone.", "hub"
    ),
    "tours": CommandEntry(
        "hub.warehouse.tours_command:command", "Compute picking tours for a list of cases.", "hub"
    ),
    "parse-scan": CommandEntry(
        "edge.scanners.parse_scan:command", "Say what a scanned code means.", "edge"
    ),
    "sim": CommandEntry(
        "simulators.commands:sim", "Simulate shifts in virtual time, by seed.", "edge,hub"
    ),
    "bench": CommandEntry(
        "simulators.bench.command:bench", "Measure events, waves and pages.", "edge,hub"
    ),
}


class LazyGroup(click.Group):
    """A group whose sub-commands are imported when called, and listed without importing."""

    def __init__(self, entries: Mapping[str, CommandEntry], name: str, summary: str) -> None:
        super().__init__(
            name, help=summary, context_settings={"help_option_names": ["-h", "--help"]}
        )
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        return _load(cmd_name, entry) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])


def _load(name: str, entry: CommandEntry) -> click.Command:
    """Import a sub-command; refuses in a sentence when what it needs is not installed."""
    module_name, _, attribute = entry.target.partition(":")
    try:
        command = getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        raise click.ClickException(_what_is_missing(name, entry, error)) from error
    assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
    return command


def _what_is_missing(name: str, entry: CommandEntry, error: ModuleNotFoundError) -> str:
    missing = error.name or "a module"
    if missing.partition(".")[0] in OUR_PACKAGES:
        return f"'binlight {name}' is not part of this installation ({missing} is missing)."
    return (
        f"'binlight {name}' needs {missing}, which is not installed here. "
        f"Install it with: pip install 'binlight[{entry.extras}]'"
    )


def is_expected(error: BaseException) -> bool:
    """Whether an error is one of our packages' own facts, told by its name, without an import.

    So is a path that cannot be read or written: the person who named it can choose another.
    """
    if isinstance(error, OSError) and error.errno in UNFIT_PATH and error.filename:
        return True
    return any(f"{cls.__module__}.{cls.__qualname__}" in ROOT_ERRORS for cls in type(error).__mro__)


cli = click.version_option(package_name="binlight")(
    LazyGroup(
        COMMANDS,
        "binlight",
        "Run a retailer's orders and warehouse floor: one hub, many small devices.",
    )
)


def run(group: click.Group) -> NoReturn:
    """Run the command line; one of our own errors ends it with one line and status 1."""
    try:
        group(prog_name="binlight")
    except Exception as error:
        if not is_expected(error):
            raise
        click.echo(f"binlight: {error}", err=True)
        sys.exit(1)
    sys.exit(0)


def main() -> NoReturn:
    """What the installed command `binlight` calls."""
    run(cli)


if __name__ == "__main__":
    main()
