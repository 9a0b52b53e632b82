"""The first start: nobody is shut out of a new hub, and nobody gets in later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hub.config import HubConfig
from hub.journal import Journal
from hub.setup import ADMIN, prepare
from hub.staff import passwords, queries
from hub.staff.acts import AddPerson, SetPassword
from hub.wiring import open_journal


@pytest.fixture
def config(tmp_path: Path) -> HubConfig:
    return HubConfig(folder=str(tmp_path))


@pytest.fixture
def journal(config: HubConfig) -> Journal:
    return open_journal(config)


def _admins_hash(config: HubConfig) -> str:
    found = queries.person_by_login(config.company, ADMIN)
    assert found is not None
    assert found.must_change
    return found.password_hash


def test_a_start_that_could_not_say_the_password_is_followed_by_one_that_does(
    config: HubConfig, journal: Journal
):
    first, second = prepare(config, journal), prepare(config, journal)
    assert first
    assert second
    assert not passwords.is_right(first, _admins_hash(config))
    assert passwords.is_right(second, _admins_hash(config))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://shop", "database: 'mysql://shop' is not allowed"),
        ("postgresql://nobody@127.0.0.1:1/shop", "The database cannot be opened: "),
    ],
)
def test_a_database_that_is_none_is_refused_in_a_sentence(tmp_path: Path, url: str, said: str):
    config = msgspec.json.encode(HubConfig(folder=str(tmp_path), database_url=url))
    ended = subprocess.run(
        [sys.executable, "-m", "hub.setup"], input=config, capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert ended.stderr.decode().startswith(said)


def test_once_it_was_used_no_start_makes_another(config: HubConfig, journal: Journal):
    prepare(config, journal)
    admin = queries.person_by_login(config.company, ADMIN)
    assert admin is not None
    own = passwords.hashed("green paper boat")
    journal.carry_out(SetPassword(admin.id, own, must_change=False), site=config.site, via="page")
    assert prepare(config, journal) is None
    found = queries.person_by_login(config.company, ADMIN)
    assert found is not None
    assert found.password_hash == own


def test_a_hub_that_others_can_enter_leaves_its_administrator_alone(
    config: HubConfig, journal: Journal
):
    prepare(config, journal)
    kept = _admins_hash(config)
    somebody = AddPerson(config.company, "Ana", login="ana", password_hash="x", roles=("office",))
    journal.carry_out(somebody, site=config.site, via="page")
    assert prepare(config, journal) is None
    assert _admins_hash(config) == kept
