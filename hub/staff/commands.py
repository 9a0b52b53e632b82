"""`binlight user`: who works here, what they may do, and how they get in, at the hub's machine.

For whoever installs, and for whoever is locked out of the pages. Whoever can read the hub's folder
is asked for no right; what they do is in the journal like everything else.
"""

from __future__ import annotations

from random import SystemRandom
from typing import TypeVar

import click

from hub.clock import SystemClock
from hub.command import Command
from hub.errors import NotFound
from hub.journal import Journal
from hub.opening import open_database
from hub.staff import passwords, queries, rules
from hub.staff.acts import (
    AddPerson,
    GrantRole,
    Leave,
    LetIn,
    ResetSecondFactor,
    SetPassword,
    SetRoleRule,
    WithdrawRole,
)
from hub.staff.models import Person
from hub.where import Where, after, before

T = TypeVar("T")
_ROLE = click.Choice(list(rules.ROLES))


class _Desk:
    """Where the acts of one call go."""

    def __init__(self, where: Where) -> None:
        config = where.config
        if not where.has_hub:
            raise NotFound("hub in the folder", str(where.folder))
        self.site, self.company = config.site, config.company
        self.journal = Journal(open_database(config.database), SystemClock(), SystemRandom())

    def carry_out(self, command: Command[T]) -> T:
        return self.journal.carry_out(command, site=self.site, via="command")

    def person(self, login: str) -> Person:
        """Raises NotFound."""
        found = queries.person_by_login(self.company, login)
        if found is None:
            raise NotFound("login", login)
        return found


@click.group()
@before
def user() -> None:
    """Who works here, what they may do, and how they get in."""


@user.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=_ROLE)
@click.option("--badge", help="What the badge's barcode says.")
@click.option("--pin", help="4 to 12 digits, for devices.")
@click.option("--login", help="For the pages; prints a one-time password.")
@after
def add(
    where: Where, name: str, roles: tuple[str, ...], badge: str | None, pin: str | None,
    login: str | None,
) -> None:  # fmt: skip
    """Add NAME."""
    desk = _Desk(where)
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
@after
def reset(where: Where, login: str) -> None:
    """Give LOGIN a new one-time password; ends their sessions and any lock."""
    desk = _Desk(where)
    one_time = passwords.one_time()
    desk.carry_out(SetPassword(desk.person(login).id, passwords.hashed(one_time), must_change=True))
    _tell(one_time)


@user.command("let-in")
@click.argument("login")
@after
def let_in(where: Where, login: str) -> None:
    """Make LOGIN an administrator who gets in, when nobody else can.

    Whatever was in the way: gone from here, locked, password or telephone lost, role taken away. A
    LOGIN that nobody has becomes a new person. Prints a one-time password.
    """
    desk = _Desk(where)
    found = queries.person_by_login(desk.company, login)
    one_time = passwords.one_time()
    person = found.id if found else desk.carry_out(AddPerson(desk.company, login, login=login))
    desk.carry_out(LetIn(person, passwords.hashed(one_time)))
    click.echo(f"{login} is an administrator at every site. This is in the journal.")
    _tell(one_time)


@user.command("leave")
@click.argument("login")
@after
def leave(where: Where, login: str) -> None:
    """LOGIN works here no more: their log-ins and keys end."""
    desk = _Desk(where)
    desk.carry_out(Leave(desk.person(login).id))
    click.echo(f"{login} is out.")


@user.command("give-role")
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.option("--at", default=rules.ANY, help="One site alone.")
@click.option("--division", default=rules.ANY, help="One division alone.")
@after
def give_role(where: Where, login: str, role: str, at: str, division: str) -> None:
    """Give LOGIN a ROLE, at every site and in every division."""
    desk = _Desk(where)
    desk.carry_out(GrantRole(desk.person(login).id, role, division, at))
    click.echo(f"{login} is {role}.")


@user.command("take-role")
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.option("--at", default=rules.ANY, help="The one given for one site.")
@click.option("--division", default=rules.ANY, help="The one given for one division.")
@after
def take_role(where: Where, login: str, role: str, at: str, division: str) -> None:
    """Take a ROLE that was given to LOGIN away."""
    desk = _Desk(where)
    desk.carry_out(WithdrawRole(desk.person(login).id, role, division, at))
    click.echo(f"{login} is {role} no more.")


@user.command("reset-second-factor")
@click.argument("login")
@after
def reset_second_factor(where: Where, login: str) -> None:
    """Take the second factor of LOGIN away, whose telephone is lost; ends their sessions."""
    desk = _Desk(where)
    desk.carry_out(ResetSecondFactor(desk.person(login).id))
    click.echo(f"The next log-in of {login} asks for no code.")


@user.command("require-second-factor")
@click.argument("role", type=_ROLE)
@click.option("--off", is_flag=True, help="Let them go without again.")
@after
def require_second_factor(where: Where, role: str, off: bool) -> None:
    """Let nobody with ROLE on the pages without a second factor."""
    _Desk(where).carry_out(SetRoleRule(role, needs_second_factor=not off))
    click.echo(f"{role}: a second factor is {'left to each person' if off else 'needed'}.")


def _tell(one_time: str | None) -> None:
    if one_time:
        click.echo(f"One-time password, to be changed at the first log-in: {one_time}")


@user.command("list")
@after
def list_people(where: Where) -> None:
    """Who is there, with roles, badge and login."""
    desk = _Desk(where)
    for person, roles in queries.people(desk.company):
        parts = [person.name, ", ".join(roles) or "no role", f"badge {person.badge or '-'}",
                 f"login {person.login or '-'}"]  # fmt: skip
        click.echo(" · ".join(parts) + ("" if person.is_active else " · left"))
