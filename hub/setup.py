"""The first start: schema, site, roles, and one person who may log in. Owns what a new hub holds.

Every step is safe to repeat; a hub that was set up is only brought to the newest schema.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from importlib import resources
from typing import Final

import msgspec
import peewee

from hub import broker
from hub.broker import Identity
from hub.config import HubConfig
from hub.devices import queries
from hub.devices.secrets import written
from hub.inventory import service as inventory
from hub.inventory.models import Site
from hub.journal import Act, Journal
from hub.migrations import migrate
from hub.prepared import Prepared
from hub.staff import service as staff
from hub.staff.models import Person
from hub.warehouse.floor import load_floor
from hub.wiring import open_journal

ADMIN: Final = "admin"
PASSWORD_BYTES: Final = 10
"""80 random bits in 16 letters: typed once."""


def prepare_all(config: HubConfig) -> Prepared:
    """Database, certificates and the broker's files; all that has to be there before a start."""
    journal = open_journal(config)
    password = prepare(config, journal)
    if config.is_beyond_loopback:
        from hub.tls import ensure_certificates

        ensure_certificates(config.tls_folder, journal.clock, config.listen, config.names)
    path = ""
    if config.runs_broker:
        known = [Identity(*row) for row in queries.identities(config.site)]
        path = str(broker.write_all(config, known))
    journal.database.close()
    return Prepared(password, path)


def prepare(config: HubConfig, journal: Journal, *, floor: str | None = None) -> str | None:
    """Make the database usable; returns the administrator's one-time password at the first start.

    `floor` is the TOML description of the warehouse; without one a new site gets the demo's.
    """
    prepare_schema(config, journal, floor=floor)
    password = None
    if not _has_admin(config.company):
        password = written(secrets.token_bytes(PASSWORD_BYTES))
        _perform(journal, config, "setup.admin", lambda act: _add_admin(act, config, password))
    return password


def prepare_schema(config: HubConfig, journal: Journal, *, floor: str | None = None) -> None:
    """Schema and site alone: enough for a command that comes before the hub's first start."""
    migrate(journal.database)
    if not _has_site(config.site):
        _perform(journal, config, "setup.site", lambda act: _furnish(act, config, floor))


def _perform(journal: Journal, config: HubConfig, name: str, do: Callable[[Act], object]) -> None:
    journal.perform(name, do, site=config.site, via="setup")


def _has_site(code: str) -> bool:
    return bool(Site.select().where(Site.code == code).exists())


def _has_admin(company: str) -> bool:
    query = Person.select().where(Person.company == company, Person.login.is_null(False))
    return bool(query.exists())


def _furnish(act: Act, config: HubConfig, floor: str | None) -> None:
    text = demo_floor_text() if floor is None else floor
    inventory.ensure_site(act, config.site, config.company, _title(config.site), floor=text)
    staff.seed_permissions(act)
    inventory.define_bins(act, load_floor(text).bins())


def _title(site: str) -> str:
    return f"Warehouse {site}"


def demo_floor_text() -> str:
    """The TOML description that a new site starts with."""
    return (resources.files("hub.warehouse") / "floors" / "demo.toml").read_text("utf-8")


def _add_admin(act: Act, config: HubConfig, password: str) -> bytes:
    return staff.add_person(
        act, config.company, "Administrator", login=ADMIN, password=password, roles=(ADMIN,),
        must_change=True,
    )  # fmt: skip


def new_hub_epoch(database: peewee.Database, site: str) -> str:
    """Say that this storage is another one than devices knew: after a restore from a backup."""
    epoch = secrets.token_hex(16)
    Site.update(hub_epoch=epoch).where(Site.code == site).execute()
    return epoch


def main() -> None:
    """A process of its own, so that the supervisor stays small: config in, `Prepared` out."""
    config = msgspec.json.decode(sys.stdin.buffer.read(), type=HubConfig)
    sys.stdout.buffer.write(msgspec.json.encode(prepare_all(config)))


if __name__ == "__main__":
    main()
