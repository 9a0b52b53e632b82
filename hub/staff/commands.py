"""`binlight user`: add people, give one-time passwords, list who is there. For whoever installs."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom
from typing import Final

import click

from hub.clock import SystemClock
from hub.command import Command
from hub.config import DEFAULT_COMPANY, DEFAULT_SITE, HubConfig, default_data_folder
from hub.db import open_database
from hub.errors import NotFound
from hub.journal import Journal
from hub.staff import passwords, queries, rules
from hub.staff.acts import AddPerson, SetPassword

_OPTIONS: Final = (
    click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
                 help="The hub's data folder (default: the user's)."),
    click.option("--database", default="", help="The hub's database, if not in --data."),
    click.option("--site", default=DEFAULT_SITE, show_default=True),
    click.option("--company", default=DEFAULT_COMPANY, show_default=True),
)  # fmt: skip


class _Desk:
    """Where the acts of one call go."""

    def __init__(self, data: Path | None, database: str, site: str, company: str) -> None:
        folder = data or default_data_folder()
        config = HubConfig(str(folder), site, company, database_url=database)
        if config.is_sqlite and not database and not (folder / "hub.db").exists():
            raise NotFound("hub in the folder", str(folder))
        opened = open_database(config.database)
        self.journal = Journal(opened, SystemClock(), SystemRandom())
        self.site, self.company = site, company

    def carry_out(self, command: Command[object]) -> None:
        self.journal.carry_out(command, site=self.site, via="command")


@click.group()
@_OPTIONS[0]
@_OPTIONS[1]
@_OPTIONS[2]
@_OPTIONS[3]
@click.pass_context
def user(context: click.Context, data: Path | None, database: str, site: str, company: str) -> None:
    """Add people, give one-time passwords, list who is there."""
    context.obj = (data, database, site, company)


@user.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=click.Choice(list(rules.ROLES)))
@click.option("--badge", help="What the badge's barcode says.")
@click.option("--pin", help="4 to 12 digits, for devices.")
@click.option("--login", help="For the pages; prints a one-time password.")
@click.pass_obj
def add(
    where: tuple[Path | None, str, str, str], name: str, roles: tuple[str, ...],
    badge: str | None, pin: str | None, login: str | None,
) -> None:  # fmt: skip
    """Add NAME."""
    desk = _Desk(*where)
    one_time = passwords.one_time() if login else None
    desk.carry_out(
        AddPerson(
            desk.company, name, badge=badge, login=login, roles=roles, must_change=bool(login),
            verifier=passwords.pin_proof(pin) if pin else None,
            password_hash=passwords.hashed(one_time) if one_time else None,
        )
    )  # fmt: skip
    click.echo(f"{name} is added.")
    _tell(one_time)


@user.command("reset")
@click.argument("login")
@click.pass_obj
def reset(where: tuple[Path | None, str, str, str], login: str) -> None:
    """Give LOGIN a new one-time password; ends their sessions and any lock."""
    desk = _Desk(*where)
    person = queries.person_by_login(desk.company, login)
    if person is None:
        raise NotFound("login", login)
    one_time = passwords.one_time()
    desk.carry_out(SetPassword(person.id, passwords.hashed(one_time), must_change=True))
    _tell(one_time)


def _tell(one_time: str | None) -> None:
    if one_time:
        click.echo(f"One-time password, to be changed at the first log-in: {one_time}")


@user.command("list")
@click.pass_obj
def list_people(where: tuple[Path | None, str, str, str]) -> None:
    """Who is there, with roles, badge and login."""
    desk = _Desk(*where)
    for person, roles in queries.people(desk.company):
        parts = [person.name, ", ".join(roles) or "no role", f"badge {person.badge or '-'}",
                 f"login {person.login or '-'}"]  # fmt: skip
        click.echo(" · ".join(parts) + ("" if person.is_active else " · left"))
