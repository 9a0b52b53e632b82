"""Whoever was shut out since a backup stays out when it is restored.

Owns what is read for that from the hub that the restore replaces, and the command by which the
restored one hears of it. The hub that is replaced may be damaged: what can be read of it is used,
and whether that was all is said.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import peewee

from hub.backup.archive import DATABASE
from hub.command import Command, Id, command
from hub.db import fetch
from hub.devices import staying_out
from hub.devices.kinds import RETIRED, REVOKED
from hub.devices.staying_out import Ended, ShutOut
from hub.errors import NotFound
from hub.identity.admissions import PLAIN_LIST
from hub.journal import Act
from hub.opening import open_beside
from hub.staff import service as staff
from hub.staff import sessions

TLS: Final = "tls"
AUTHORITY: Final = "ca.crt"


class Token(msgspec.Struct, frozen=True):
    """A key for the API, and whose it was."""

    person: Id
    token: Id


@command("setup.keep_shut_out")
class KeepShutOut(Command[None], frozen=True):
    """After a restore: who was shut out since the backup stays out. Every log-in of then is over,
    and no enrolment code of then is good. Who is not known to the backup is passed over.
    """

    devices: tuple[ShutOut, ...] = ()
    certificates: tuple[Ended, ...] = ()
    people: tuple[Id, ...] = ()
    tokens: tuple[Token, ...] = ()

    def carry_out(self, act: Act) -> None:
        staying_out.withdraw_codes(act)
        for certificate in self.certificates:
            staying_out.stay_ended(act, certificate)
        for device in self.devices:
            staying_out.stay_out(act, device)
        for person in self.people:
            staff.shut_out(act, person)
        for one in self.tokens:
            _revoke(act, one)
        for (person,) in act.tx.rows("SELECT DISTINCT person FROM web_session"):
            sessions.end_sessions(act, bytes(person))


def _revoke(act: Act, one: Token) -> None:
    try:
        staff.revoke_token(act, one.person, one.token)
    except NotFound:
        return  # the backup never had it


class Seen(NamedTuple):
    """What was read of the hub that is replaced."""

    out: KeepShutOut
    is_whole: bool
    """False: its books could not be read, or it is another hub; there may have been more."""


def look(folder: Path, fresh: Path, site: str) -> Seen:
    """Who is shut out in `folder`, for the hub that is restored in `fresh`. Never raises."""
    if _authority(folder) != _authority(fresh):
        return Seen(KeepShutOut(), is_whole=False)
    listed = _listed(folder)
    try:
        return Seen(_read_books(folder / DATABASE, site, listed), is_whole=True)
    except (OSError, peewee.PeeweeException, sqlite3.Error, ValueError, TypeError):
        return Seen(KeepShutOut(certificates=tuple(map(Ended, listed))), is_whole=False)


def _authority(folder: Path) -> bytes:
    """The hub's own certificate; nothing for one that works on this machine alone."""
    path = folder / TLS / AUTHORITY
    return path.read_bytes() if path.is_file() else b""


def _listed(folder: Path) -> list[str]:
    """Serials on the list of revoked certificates: a file of its own, read even if the books can't
    be.
    """
    path = folder / TLS / PLAIN_LIST
    return path.read_text("ascii", "ignore").split() if path.is_file() else []


def _read_books(file: Path, site: str, listed: list[str]) -> KeepShutOut:
    file.stat()  # opening one that is not there would make it
    database = open_beside(f"sqlite:///{file}")
    try:
        return _read(database, site, listed)
    finally:
        database.close()


def _read(database: peewee.Database, site: str, listed: list[str]) -> KeepShutOut:
    def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return fetch(database, sql, params)

    ended = [
        Ended(*row)
        for row in rows(
            "SELECT serial, device, reason, key_fingerprint, pem, issued_at, expires_at "
            "FROM device_certificate WHERE site = ? AND state <> 'ACTIVE' ORDER BY serial", site,
        )
    ]  # fmt: skip
    known = {one.serial for one in ended}
    devices = rows(
        "SELECT name, kind, state FROM device WHERE site = ? AND state IN (?, ?) ORDER BY name",
        site, REVOKED, RETIRED,
    )  # fmt: skip
    people = rows("SELECT id FROM person WHERE NOT is_active ORDER BY id")
    tokens = rows("SELECT person, id FROM api_token WHERE revoked_at IS NOT NULL ORDER BY id")
    return KeepShutOut(
        tuple(ShutOut(*row) for row in devices),
        (*ended, *(Ended(serial) for serial in listed if serial not in known)),
        tuple(bytes(id) for (id,) in people),
        tuple(Token(bytes(person), bytes(id)) for person, id in tokens),
    )
