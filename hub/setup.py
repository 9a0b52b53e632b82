"""The first start: schema, site, roles, and one person who may log in. Owns what a new hub holds.

Every step is safe to repeat; a hub that was set up is only brought to the newest schema.
"""

from __future__ import annotations

import secrets
import sys
from importlib import resources
from typing import Final

import msgspec
import peewee

from hub.command import Command
from hub.config import HubConfig
from hub.devices import queries
from hub.devices.secrets import written
from hub.errors import HubError
from hub.founding import FoundSite
from hub.identity import admissions, broker, broker_folders
from hub.identity import announced as hub_identity
from hub.inventory.models import Site
from hub.journal import Journal
from hub.migrations import migrate
from hub.opening import write_log_anew
from hub.prepared import Prepared
from hub.staff import passwords
from hub.staff.acts import AddPerson, SetPassword
from hub.staff.models import Person
from hub.wiring import open_journal

ADMIN: Final = "admin"
PASSWORD_BYTES: Final = 10
"""80 random bits in 16 letters: typed once."""


def prepare_all(config: HubConfig) -> Prepared:
    """Database, certificates and the broker's files; all that has to be there before a start."""
    journal = open_journal(config)
    password = prepare(config, journal)
    if config.is_encrypted:
        from hub.identity.tls import ensure_certificates, ensure_listed

        ensure_certificates(config.tls_folder, journal.clock, config.listen, config.names)
        ensure_listed(config.tls_folder, queries.revoked_serials(config.site))
    hub_identity.remember(config)
    path = ""
    if config.runs_broker:
        known = admissions.identities(config.site)
        path = str(broker.write_all(config, known, queries.barred(config.site)))
        broker_folders.remove_orphans(journal.clock.now_us())
    journal.database.close()
    return Prepared(password, path)


def prepare(config: HubConfig, journal: Journal, *, floor: str | None = None) -> str | None:
    """Make the database usable; returns the administrator's one-time password, if one is needed.

    It is made anew at each start until somebody has used it: a start that was killed before it
    could print the first one would leave a hub that nobody can enter. `floor` is the TOML
    description of the warehouse; without one a new site gets the demo's.
    """
    prepare_schema(config, journal, floor=floor)
    known = _log_ins(config.company)
    if known and not _is_unused(known):
        return None
    password = written(secrets.token_bytes(PASSWORD_BYTES))
    hashed = passwords.hashed(password)
    _carry_out(
        journal, config,
        SetPassword(known[0].id, hashed, must_change=True) if known
        else _administrator(config, hashed),
    )  # fmt: skip
    return password


def prepare_schema(config: HubConfig, journal: Journal, *, floor: str | None = None) -> None:
    """Schema and site alone: enough for a command that comes before the hub's first start."""
    write_log_anew(journal.database)
    migrate(journal.database)
    if not _has_site(config.site):
        text = demo_floor_text() if floor is None else floor
        _carry_out(journal, config, FoundSite(config.company, f"Warehouse {config.site}", text))


def _carry_out(journal: Journal, config: HubConfig, command: Command[object]) -> None:
    journal.carry_out(command, site=config.site, via="setup")


def _has_site(code: str) -> bool:
    return bool(Site.select().where(Site.code == code).exists())


def _log_ins(company: str) -> list[Person]:
    """Whoever may log in on the pages."""
    return list(Person.select().where(Person.company == company, Person.login.is_null(False)))


def _is_unused(known: list[Person]) -> bool:
    """Whether nobody has entered yet but perhaps the one whom the set-up made."""
    return len(known) == 1 and known[0].login == ADMIN and known[0].must_change


def demo_floor_text() -> str:
    """The TOML description that a new site starts with."""
    return (resources.files("hub.warehouse") / "floors" / "demo.toml").read_text("utf-8")


def _administrator(config: HubConfig, password_hash: str) -> AddPerson:
    return AddPerson(
        config.company, "Administrator", login=ADMIN, password_hash=password_hash, roles=(ADMIN,),
        must_change=True,
    )  # fmt: skip


def new_hub_epoch(database: peewee.Database, site: str) -> str:
    """Say that this storage is another one than devices knew: after a restore from a backup."""
    epoch = secrets.token_hex(16)
    Site.update(hub_epoch=epoch).where(Site.code == site).execute()
    return epoch


def main() -> None:
    """A process of its own, so that the supervisor stays small: config in, `Prepared` out.

    Ends with a sentence on stderr when the database is none, or cannot be reached.
    """
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=HubConfig)
    try:
        prepared = prepare_all(config)
    except HubError as refused:
        sys.exit(str(refused))
    except peewee.OperationalError as unreachable:
        sys.exit(f"The database cannot be opened: {unreachable}")
    sys.stdout.buffer.write(msgspec.json.encode(prepared))


if __name__ == "__main__":
    main()
