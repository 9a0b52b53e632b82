"""How rights differ between a backup and the hub that it replaces.

Owns what is read for that, and the command by which the restored hub has its administrators look.
What is read is what the replaced hub's journal had come to; if that cannot be read, they look at
everything.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

import peewee

from hub.backup.archive import DATABASE
from hub.command import Command, command
from hub.db import fetch
from hub.journal import Act
from hub.opening import open_beside
from hub.staff import reviewing
from hub.staff.reviewing import Change, ChangedRight

NOTHING_KNOWN: Final = (ChangedRight("UNKNOWN"),)
_ROLES: Final = (
    "SELECT r.person, r.role, r.site, r.division FROM person_role r "
    "JOIN person p ON p.id = r.person WHERE p.is_active"
)
_Role = tuple[bytes, str, str, str]


@command("setup.ask_review")
class AskReview(Command[None], frozen=True):
    """After a restore: have administrators look at who may do what."""

    rights: tuple[ChangedRight, ...]

    def carry_out(self, act: Act) -> None:
        reviewing.ask(act, self.rights)


def look(folder: Path, fresh: Path) -> tuple[ChangedRight, ...]:
    """What the hub in `fresh` has otherwise than the one in `folder` had it. Never raises.

    Roles of people who are barred in the replaced hub do not count: they stay out.
    """
    try:
        return _changed(_roles(folder), _roles(fresh), _people(folder))
    except (OSError, peewee.PeeweeException, sqlite3.Error, ValueError, TypeError):
        return NOTHING_KNOWN


def _changed(
    before: set[_Role], restored: set[_Role], active: set[bytes]
) -> tuple[ChangedRight, ...]:
    again = {role for role in restored - before if role[0] in active}
    every: list[tuple[Change, set[_Role]]] = [
        ("GIVEN_BACK", again), ("TAKEN_BACK", before - restored),
    ]  # fmt: skip
    return tuple(ChangedRight(change, *role) for change, roles in every for role in sorted(roles))


def _roles(folder: Path) -> set[_Role]:
    rows = _rows(folder, _ROLES)
    return {(bytes(person), role, site, division) for person, role, site, division in rows}


def _people(folder: Path) -> set[bytes]:
    """Whoever works there. Nobody is ever deleted, so the backup knows nobody else."""
    return {bytes(id) for (id,) in _rows(folder, "SELECT id FROM person WHERE is_active")}


def _rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    file = folder / DATABASE
    file.stat()  # opening one that is not there would make it
    database = open_beside(f"sqlite:///{file}")
    try:
        return fetch(database, sql)
    finally:
        database.close()
