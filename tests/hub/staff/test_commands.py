"""`binlight user` on a real data folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.db import proxy
from hub.errors import NotFound
from hub.staff import passwords, queries, second_factor
from hub.staff.commands import user
from hub.staff.models import Person
from tests.hub.conftest import TestHub


def run(hub: TestHub, *words: str) -> str:
    done = CliRunner().invoke(user, ["--database", hub.url, *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    proxy.initialize(hub.database)
    return done.output


def test_somebody_is_added_and_may_log_in_once(sqlite_hub: TestHub) -> None:
    said = run(sqlite_hub, "add", "Ana Lopez", "--login", "ana", "--role", "office")
    one_time = said.strip().rsplit(" ", 1)[1]
    ana = Person.get(Person.login == "ana")
    assert ana.must_change
    assert passwords.is_right(one_time, ana.password_hash)
    assert "Ana Lopez · office · badge - · login ana" in run(sqlite_hub, "list")


def test_a_reset_makes_the_old_password_worthless(sqlite_hub: TestHub) -> None:
    first = run(sqlite_hub, "add", "Ana", "--login", "ana").strip().rsplit(" ", 1)[1]
    second = run(sqlite_hub, "reset", "ana").strip().rsplit(" ", 1)[1]
    stored = Person.get(Person.login == "ana").password_hash
    assert not passwords.is_right(first, stored)
    assert passwords.is_right(second, stored)


def test_an_unknown_login_and_an_empty_folder_are_named(
    sqlite_hub: TestHub, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="nobody"):
        run(sqlite_hub, "reset", "nobody")
    with pytest.raises(NotFound, match="elsewhere"):
        CliRunner().invoke(
            user, ["--data", str(tmp_path / "elsewhere"), "list"], catch_exceptions=False
        )


def test_a_lost_telephone_is_reset_and_a_role_is_told_to_have_one(sqlite_hub: TestHub) -> None:
    run(sqlite_hub, "add", "Ana", "--login", "ana", "--role", "office")
    ana = Person.get(Person.login == "ana").id
    with sqlite_hub.act() as act:
        second_factor.begin(act, ana, "JBSWY3DPEHPK3PXP")
        second_factor.confirm(act, ana, 7, [b"d" * 32])
    assert queries.has_second_factor(ana)
    assert "asks for no code" in run(sqlite_hub, "reset-second-factor", "ana")
    assert not queries.has_second_factor(ana)
    assert queries.recovery_codes_left(ana) == 0
    run(sqlite_hub, "require-second-factor", "office")
    assert queries.roles_with_rule() == {"office": None}
    run(sqlite_hub, "require-second-factor", "office", "--off")
    assert queries.roles_with_rule() == {}


def test_options_stand_before_the_name_of_a_command_or_after_it(
    sqlite_hub: TestHub, tmp_path: Path
) -> None:
    before = CliRunner().invoke(user, ["--database", sqlite_hub.url, "list"])
    after = CliRunner().invoke(user, ["list", "--database", sqlite_hub.url])
    assert before.exit_code == after.exit_code == 0
    assert before.output == after.output
    with pytest.raises(NotFound, match="there"):
        words = ["--data", "nowhere", "list", "--data", str(tmp_path / "there")]
        CliRunner().invoke(user, words, catch_exceptions=False)
