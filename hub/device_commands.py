"""`binlight device`: add, enrol, list, revoke, retire. Owns the words on the terminal."""

from __future__ import annotations

import os
from typing import TypeVar

import click

from hub import config as defaults
from hub.command import Command
from hub.config import HubConfig
from hub.devices import acts, queries, service
from hub.devices.enrolling import new_offer
from hub.devices.kinds import ENROLLED, KINDS, OBSERVER
from hub.errors import HubError
from hub.identity import admissions
from hub.identity import announced as hub_identity
from hub.identity.announced import HubIdentity, NoAuthority
from hub.inventory.models import Site
from hub.journal import Journal
from hub.migrations import migrate
from hub.where import Where, after, before
from hub.wiring import open_journal

T = TypeVar("T")


class NoSuchHub(HubError):
    """A folder or a site was mistyped: nothing is founded by the way."""

    code = "NO_SUCH_HUB"


@click.group("device")
@before
def device() -> None:
    """Add, enrol, list, revoke and retire the devices of a site."""


@device.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The hub, seen from there.")
@click.option("--port", default=defaults.DEFAULT_BROKER_PORT, show_default=True)
@click.option("--password", "by_password", is_flag=True, help="A password, and no certificate.")
@after
def add(where: Where, name: str, kind: str, host: str, port: int, by_password: bool) -> None:
    """Add a device: prints a code to scan, or on a hub that encrypts nothing a password."""
    config, journal = _open(where)
    identity = None if by_password or kind == OBSERVER else hub_identity.remembered(config.data)
    if identity is not None:
        _carry_out(config, journal, acts.AddDevice(name, kind))
        _show_code(config, journal, identity, name)
        return
    password, secret_hash = service.new_password(os.urandom)
    _carry_out(config, journal, acts.AddDevice(name, kind, secret_hash))
    click.echo(f"Password of {name}: {password}")
    click.echo("It is shown only now. Put it into a file of one line on the device, and there:\n")
    click.echo(snippet(config.site, name, kind, host, port))


@device.command("code")
@click.argument("name")
@after
def code(where: Where, name: str) -> None:
    """Print a new enrolment code: for a device that was reset, revoked, or replaced."""
    config, journal = _open(where)
    identity = hub_identity.remembered(config.data)
    if identity is None:
        raise NoAuthority
    _show_code(config, journal, identity, name)


def _show_code(config: HubConfig, journal: Journal, identity: HubIdentity, name: str) -> None:
    secret, offer = new_offer(name, journal.clock.now_us(), os.urandom)
    text = identity.code(name, secret)
    _carry_out(config, journal, offer)
    click.echo(f"Scan this with {name} within 30 minutes; it is good for one device, once:\n")
    click.echo(_terminal_qr(text))
    click.echo(text)


def _terminal_qr(text: str) -> str:
    """The code as blocks: two rows of modules in one row of signs."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(out=drawn, compact=True, border=2)
    return drawn.getvalue()


@device.command("password")
@click.argument("name")
@after
def password(where: Where, name: str) -> None:
    """Give a device a new password and print it, once; whatever else it had admits nobody."""
    config, journal = _open(where)
    renewed, secret_hash = service.new_password(os.urandom)
    _carry_out(config, journal, acts.SetPassword(name, secret_hash))
    click.echo(f"New password of {name}: {renewed}")


@device.command("list")
@after
def list_devices(where: Where) -> None:
    """All devices: name, kind, state, events that wait on them."""
    config, _ = _open(where)
    outboxes, known = queries.outboxes(config.site), queries.devices(config.site)
    if not known:
        click.echo(f"No device yet at {config.site}. Add one: binlight device add NAME --kind KIND")
    for row in known:
        state = row.presence if row.state == ENROLLED else row.state
        click.echo(
            f"{row.name:<20} {row.kind:<10} {state:<8} {outboxes[row.name].unsent:>6} waiting"
        )


@device.command("revoke")
@click.argument("name")
@after
def revoke(where: Where, name: str) -> None:
    """Shut a lost or stolen device out, at once. A new code takes it back."""
    config, journal = _open(where)
    _carry_out(config, journal, acts.RevokeDevice(name))
    click.echo(f"{name} is shut out.")


@device.command("retire")
@click.argument("name")
@after
def retire(where: Where, name: str) -> None:
    """Hear a device no more: broken or sold."""
    config, journal = _open(where)
    _carry_out(config, journal, acts.RetireDevice(name))
    click.echo(f"{name} is retired.")


def snippet(site: str, name: str, kind: str, host: str, port: int) -> str:
    """The beginning of the device's configuration file."""
    return (
        f'site = "{site}"\nname = "{name}"\nkind = "{kind}"\n\n'
        f'[broker]\nhost = "{host}"\nport = {port}\npassword_file = "{name}.password"\n'
    )


def _open(where: Where) -> tuple[HubConfig, Journal]:
    """The hub that is there, its schema brought up to date. Raises NoSuchHub."""
    config = where.config
    if not where.has_hub:
        raise NoSuchHub(
            f"There is no hub in {where.folder}: start it first, or name its folder (--data)."
        )
    journal = open_journal(config)
    migrate(journal.database)
    _refuse_foreign(config.site)
    return config, journal


def _refuse_foreign(site: str) -> None:
    known = [row.code for row in Site.select().order_by(Site.code)]
    if site not in known:
        raise NoSuchHub(f"This hub has no site {site!r}; say --site {' or '.join(known)}.")


def _carry_out(config: HubConfig, journal: Journal, command: Command[T]) -> T:
    """Do it, and tell a broker that runs from this folder at once."""
    done = journal.carry_out(command, site=config.site, via="command")
    admissions.follow(config)
    return done
