"""An older backup is restored: which rights that changed, and that somebody looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.backup.commands import _about_restored
from hub.staff import passwords, reviewing
from hub.staff.acts import AddPerson, ChangePerson, EndReview, GrantRole, WithdrawRole
from hub.staff.reviewing import ToReview
from tests.hub.backup.conftest import Shop
from tests.hub.backup.test_staying_out import Door


@pytest.fixture(scope="module")
def password_hash() -> str:
    return passwords.hashed("seven blue lanterns")


@pytest.fixture
def door(shop: Shop, tmp_path: Path) -> Door:
    (shop.folder / "tls").mkdir()
    (shop.folder / "tls" / "ca.crt").write_bytes(b"the hub's own")
    return Door(shop, tmp_path)


@pytest.fixture
def boss(door: Door, password_hash: str) -> bytes:
    return door.do(
        AddPerson("shop", "Boss", login="boss", password_hash=password_hash, roles=("admin",))
    )


def test_roles_that_were_taken_away_or_given_since_are_told(door: Door, boss: bytes) -> None:
    ana, ben = door.person("Ana"), door.person("Ben")
    door.do(GrantRole(ana, "admin", "*"))
    door.do(GrantRole(ana, "picker", "*"))
    door.back_up()
    door.do(WithdrawRole(ana, "admin", "*"))
    door.do(GrantRole(ben, "office", "toys", "w1"))
    late = door.person("Late")
    door.do(GrantRole(late, "packer", "*"))
    restored = door.restore()
    assert reviewing.waiting() == [
        ToReview("TAKEN_BACK", late, "", "packer", "*", "*"),
        ToReview("GIVEN_BACK", ana, "Ana", "admin", "*", "*"),
        ToReview("TAKEN_BACK", ben, "Ben", "office", "w1", "toys"),
    ]
    said = _about_restored(restored, door.shop.folder)
    assert "1 that were taken away since are there again, 2 that were given since are gone" in said
    assert "let-in" not in said
    door.do(EndReview())
    assert reviewing.waiting() == []


def test_whoever_left_since_stays_out_and_so_gets_nothing_back(door: Door, boss: bytes) -> None:
    ana = door.person("Ana")
    door.do(GrantRole(ana, "office", "*"))
    door.back_up()
    door.do(ChangePerson(ana, "Ana", "en", False, (), login="ana"))
    restored = door.restore()
    assert reviewing.waiting() == []
    assert "Roles are as they were just before." in _about_restored(restored, door.shop.folder)


def test_where_nothing_is_known_of_before_somebody_looks_at_everything(
    door: Door, boss: bytes
) -> None:
    door.back_up()

    def spoil() -> None:
        (door.shop.folder / "hub.db").write_bytes(b"no database any more" * 500)
        for suffix in ("-wal", "-shm"):
            (door.shop.folder / f"hub.db{suffix}").unlink(missing_ok=True)

    restored = door.restore(spoil)
    assert [one.change for one in reviewing.waiting()] == ["UNKNOWN"]
    assert "whoever lost one since has it again" in _about_restored(restored, door.shop.folder)


def test_an_administrator_of_then_who_left_since_is_no_way_in_and_the_terminal_says_what_is(
    door: Door, boss: bytes, password_hash: str
) -> None:
    """The one of now came after the backup: nobody is left, and the restore goes through."""
    door.back_up()
    door.do(AddPerson("shop", "Heir", login="heir", password_hash=password_hash, roles=("admin",)))
    door.do(ChangePerson(boss, "Boss", "en", False, (), login="boss"))
    restored = door.restore()
    assert restored.report.ok
    assert not restored.has_administrator
    assert "binlight user let-in LOGIN" in _about_restored(restored, door.shop.folder)
