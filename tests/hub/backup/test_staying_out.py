"""An older backup is restored: whoever was shut out since finds the door shut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from hub.backup.drill import drill
from hub.backup.restoring import Restored, restore
from hub.backup.taking import take
from hub.command import Command
from hub.config import HubConfig
from hub.db import fetch
from hub.devices import queries
from hub.devices.acts import (
    AddDevice,
    EnrolDevice,
    OfferCode,
    RenewDeviceCertificate,
    RetireDevice,
    RevokeDevice,
)
from hub.identity.authority import listed_serials
from hub.opening import open_database
from hub.setup import prepare_all
from hub.staff.acts import AddPerson, AddToken, ChangePerson, LogIn, RevokeToken
from tests.hub.backup.conftest import Shop

T = TypeVar("T")
LATER = 10**18


class Door:
    """A shop, who may come in there, and the shop that is made from a backup of it."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop, self._backup = shop, folder / "a.tar"
        self.config = shop.config

    def do(self, command: Command[T]) -> T:
        self.shop.clock.advance(ms=1_000)
        return self.shop.journal.carry_out(command, site="w1", via="page")

    def enrol(self, name: str, serial: str) -> None:
        """A device comes with its code, and is given a certificate."""
        self.do(AddDevice(name, "handheld"))
        digest = serial.encode().ljust(32, b"-")
        self.do(OfferCode(name, digest, LATER))
        self.do(EnrolDevice(name, digest, "csr", serial, "pem", "fp" + serial, LATER))

    def person(self, name: str) -> bytes:
        return self.do(AddPerson("shop", name, login=name.lower(), password_hash="argon"))

    def bar(self, person: bytes, name: str) -> None:
        self.do(ChangePerson(person, name, "en", False, (), login=name.lower()))

    def back_up(self) -> None:
        self.shop.back_up(self._backup)

    def restore(self, spoil: Callable[[], object] = lambda: None) -> Restored:
        """The backup takes the place of everything since; the books of then are open after it."""
        self.shop.journal.database.close()
        spoil()
        restored = restore(self._backup, self.shop.folder, self.shop.clock, Random(3), force=True)
        open_database(self.config.database)
        return restored

    def one(self, sql: str, *values: object) -> Any:
        return fetch(self.shop.journal.database, sql, values)[0][0]


@pytest.fixture
def door(shop: Shop, tmp_path: Path) -> Door:
    tls = shop.folder / "tls"
    tls.mkdir()
    (tls / "ca.crt").write_bytes(b"the hub's own")
    return Door(shop, tmp_path)


def test_a_device_that_was_shut_out_since_stays_out(door: Door):
    for name, serial in (("h1", "a1"), ("h2", "a2"), ("h3", "a3")):
        door.enrol(name, serial)
    door.back_up()
    door.do(RevokeDevice("h1"))
    door.do(RetireDevice("h2"))
    restored = door.restore()
    assert restored.kept_out.is_whole
    assert restored.report.ok
    assert queries.barred("w1") == ["h1", "h2"]
    assert queries.revoked_serials("w1") == ["a1", "a2"]
    assert queries.to_cut("w1") == {}
    assert [name for name, _, _ in queries.identities("w1")] == ["h3"]


def test_a_device_that_came_and_went_since_is_known_for_being_shut_out(door: Door):
    door.back_up()
    door.enrol("late", "b1")
    door.do(RevokeDevice("late"))
    door.restore()
    assert queries.barred("w1") == ["late"]
    assert queries.revoked_serials("w1") == ["b1"]


def test_a_certificate_that_was_replaced_since_admits_nobody(door: Door):
    door.enrol("h1", "a1")
    door.back_up()
    door.do(RenewDeviceCertificate("h1", "csr", "a2", "pem", "fp2", LATER))
    door.do(OfferCode("h1", b"n" * 32, LATER))
    door.do(EnrolDevice("h1", b"n" * 32, "csr", "a3", "pem", "fp3", LATER))
    door.restore()
    assert queries.revoked_serials("w1") == ["a1", "a2"]


def test_a_code_that_was_open_then_enrols_nobody(door: Door):
    door.do(AddDevice("h1", "handheld"))
    door.do(OfferCode("h1", b"c" * 32, LATER))
    door.back_up()
    door.restore()
    assert door.one("SELECT state FROM enrolment_code") == "WITHDRAWN"


def test_people_and_keys_that_were_barred_since_stay_so_and_log_ins_of_then_are_over(door: Door):
    ana, ben = door.person("Ana"), door.person("Ben")
    lost = door.do(AddToken(ben, "lost", "1a" * 32))
    kept = door.do(AddToken(ben, "kept", "2b" * 32))
    door.do(LogIn(ben, "cd" * 32, "::1"))
    door.back_up()
    door.bar(ana, "Ana")
    door.do(RevokeToken(ben, lost))
    door.restore()
    active = "SELECT is_active FROM person WHERE id = ?"
    assert (door.one(active, ana), door.one(active, ben)) == (0, 1)
    revoked = "SELECT revoked_at IS NOT NULL FROM api_token WHERE id = ?"
    assert (door.one(revoked, lost), door.one(revoked, kept)) == (1, 0)
    assert door.one("SELECT COUNT(*) FROM web_session") == 0


def test_whoever_the_backup_never_knew_is_passed_over(door: Door):
    door.back_up()
    ana = door.person("Ana")
    door.do(RevokeToken(ana, door.do(AddToken(ana, "till", "1a" * 32))))
    door.bar(ana, "Ana")
    assert door.restore().report.ok
    assert door.one("SELECT COUNT(*) FROM person WHERE id = ?", ana) == 0


def test_the_books_of_then_may_be_lost_and_the_list_of_the_revoked_still_counts(door: Door):
    door.enrol("h1", "a1")
    door.back_up()

    def spoil() -> None:
        (door.shop.folder / "tls" / "revoked").write_text("a1\nb2")
        (door.shop.folder / "hub.db").write_bytes(b"no database any more" * 500)
        for suffix in ("-wal", "-shm"):
            (door.shop.folder / f"hub.db{suffix}").unlink(missing_ok=True)

    restored = door.restore(spoil)
    assert not restored.kept_out.is_whole
    assert restored.report.ok
    assert queries.revoked_serials("w1") == ["a1", "b2"]


def test_another_hubs_list_says_nothing_about_this_ones_devices(door: Door):
    door.enrol("h1", "a1")
    door.back_up()
    door.do(RevokeDevice("h1"))
    restored = door.restore(
        lambda: (door.shop.folder / "tls" / "ca.crt").write_bytes(b"another hub's")
    )
    assert not restored.kept_out.is_whole
    assert queries.revoked_serials("w1") == []


def test_what_the_restore_did_can_be_made_again_from_the_journal(door: Door, tmp_path: Path):
    door.enrol("h1", "a1")
    door.back_up()
    door.do(RevokeDevice("h1"))
    door.restore()
    done = drill(take(door.config, tmp_path / "b.tar", door.shop.clock.now_us()).path)
    assert done.replayed.difference is None


def test_the_broker_is_given_the_whole_list_before_it_starts(tmp_path: Path):
    """With real certificates: the restored hub's list is the backup's until it is set up."""
    config = HubConfig(str(tmp_path / "hub"), secure=True)
    prepare_all(config)
    shop = Shop(config.data, config)
    door = Door(shop, tmp_path)
    door.enrol("h1", "a1")
    door.back_up()
    door.do(RevokeDevice("h1"))
    door.restore()
    prepare_all(config)
    listed = listed_serials((config.tls_folder / "crl.pem").read_bytes())
    assert listed == {"a1"}
