"""`binlight device`: add, list, retire. Owns the words on the terminal; acts are in `service`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hub import broker, setup
from hub import config as defaults
from hub.broker import Identity
from hub.config import HubConfig
from hub.devices import queries, service
from hub.devices.kinds import KINDS, RETIRED
from hub.journal import Act, Journal
from hub.wiring import open_journal

T = TypeVar("T")

_options = (
    click.option("--data", type=click.Path(path_type=Path), help="The hub's data folder."),
    click.option("--database", "database_url", default="", help="postgresql://USER@HOST/NAME"),
    click.option("--site", default=defaults.DEFAULT_SITE, show_default=True),
)


def _with_hub(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which every sub-command finds its hub."""
    for option in reversed(_options):
        command = option(command)
    return command


@click.group("device")
def device() -> None:
    """Add, list and retire the devices of a site."""


@device.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The hub, seen from there.")
@click.option("--port", default=defaults.DEFAULT_BROKER_PORT, show_default=True)
@_with_hub
def add(name: str, kind: str, host: str, port: int, **where: Any) -> None:
    """Enrol a device and print its password, once."""
    config, journal = _open(**where)
    password = _perform(
        config, journal, "devices.add",
        lambda act: service.add_device(act, name, kind, os.urandom), name=name, kind=kind,
    )  # fmt: skip
    click.echo(f"Password of {name}: {password}")
    click.echo("It is shown only now. Put it into a file of one line on the device, and there:\n")
    click.echo(snippet(config.site, name, kind, host, port))


@device.command("password")
@click.argument("name")
@_with_hub
def password(name: str, **where: Any) -> None:
    """Give a device a new password and print it, once."""
    config, journal = _open(**where)
    renewed = _perform(
        config, journal, "devices.renew_password",
        lambda act: service.renew_password(act, name, os.urandom), name=name,
    )  # fmt: skip
    click.echo(f"New password of {name}: {renewed}")


@device.command("list")
@_with_hub
def list_devices(**where: Any) -> None:
    """All devices: name, kind, state, events that wait on them."""
    config, _ = _open(**where)
    for row in queries.devices(config.site):
        state = row.state if row.state == RETIRED else row.presence
        click.echo(f"{row.name:<20} {row.kind:<10} {state:<8} {row.outbox_depth:>6} waiting")


@device.command("retire")
@click.argument("name")
@_with_hub
def retire(name: str, **where: Any) -> None:
    """Hear a device no more: lost, broken or sold."""
    config, journal = _open(**where)
    _perform(
        config, journal, "devices.retire", lambda act: service.retire_device(act, name), name=name
    )
    click.echo(f"{name} is retired.")


def snippet(site: str, name: str, kind: str, host: str, port: int) -> str:
    """The beginning of the device's configuration file."""
    return (
        f'site = "{site}"\nname = "{name}"\nkind = "{kind}"\n\n'
        f'[broker]\nhost = "{host}"\nport = {port}\npassword_file = "{name}.password"\n'
    )


def _open(data: Path | None, database_url: str, site: str) -> tuple[HubConfig, Journal]:
    folder = (data or defaults.default_data_folder()).expanduser().absolute()
    config = HubConfig(folder=str(folder), database_url=database_url, site=site).check()
    folder.mkdir(parents=True, exist_ok=True)
    journal = open_journal(config)
    setup.prepare_schema(config, journal)
    return config, journal


def _perform(
    config: HubConfig, journal: Journal, act: str, do: Callable[[Act], T], **input: Any
) -> T:
    """Carry it out, and tell a broker that runs from this folder at once."""
    done = journal.perform(act, do, site=config.site, via="command", input=input)
    known = [Identity(*row) for row in queries.identities(config.site)]
    broker.follow_identities(config, known)
    return done
