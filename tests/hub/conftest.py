"""A hub's database for tests, on SQLite and on PostgreSQL, with one site and a clock to advance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import peewee
import pytest

from hub import ids
from hub.clock import FixedClock
from hub.db import proxy, writing
from hub.inventory import service as inventory
from hub.journal import Act, Journal, Via
from hub.migrations import migrate
from hub.opening import open_database
from tests import postgres

SITE = "w1"
COMPANY = "shop"


class TestHub:
    """What a story needs: database, journal, clock, and acts that commit."""

    __test__ = False
    site = SITE
    company = COMPANY

    def __init__(self, database: peewee.Database, url: str) -> None:
        self.database = database
        self.url = url
        self.clock = FixedClock()
        self.random = Random(7)
        self.journal = Journal(database, self.clock, self.random)

    @contextmanager
    def act(
        self, name: str = "test", via: Via = "command", key: str | None = None
    ) -> Iterator[Act]:
        """One act in a transaction of its own, journalled and committed at the end."""
        self.clock.advance(ms=1)
        now_us = self.clock.now_us()
        with writing(self.database, now_us) as tx:
            chosen = key or ids.new_key(now_us, self.random)
            act = Act(tx, name, site=SITE, key=chosen, via=via)
            yield act
            act.enter(b"{}")


def _furnish(database: peewee.Database, url: str) -> None:
    migrate(database)
    with TestHub(database, url).act("setup", "setup", "furnish") as act:
        inventory.ensure_site(act, SITE, COMPANY, "Test warehouse")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hub.db"
    database = open_database(f"sqlite:///{path}")
    _furnish(database, str(path))
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    bin = postgres.programs()
    if bin is None:
        pytest.skip("PostgreSQL's programs are not installed (apt install postgresql)")
    cluster = postgres.Cluster(bin)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgres_template(cluster: postgres.Cluster) -> str:
    url = cluster.create()
    database = open_database(url)
    _furnish(database, url)
    database.close()
    return url.partition("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def sqlite_hub(sqlite_template: Path, tmp_path: Path) -> Iterator[TestHub]:
    """A hub on SQLite alone, for what does not depend on the database."""
    path = tmp_path / "hub.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite:///{path}"
    database = open_database(url)
    yield TestHub(database, url)
    database.close()


@pytest.fixture
def postgres_hub(cluster: postgres.Cluster, postgres_template: str) -> Iterator[TestHub]:
    url = cluster.create(postgres_template)
    database = open_database(url)
    yield TestHub(database, url)
    database.close()
    cluster.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request: pytest.FixtureRequest) -> TestHub:
    """A hub on each database."""
    chosen: TestHub = request.getfixturevalue(f"{request.param}_hub")
    proxy.initialize(chosen.database)
    return chosen
