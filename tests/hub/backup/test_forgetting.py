"""Somebody is forgotten: their personal values go, the books stay true and can be made again."""

from __future__ import annotations

from pathlib import Path

from hub.backup.drill import drill
from hub.customers.acts import ChangeCustomer, EraseCustomer
from hub.customers.service import save_customer
from hub.db import fetch
from hub.personal import PersonalInput
from hub.verify.command import verify
from tests.hub.backup.conftest import Shop

SECRET = ("Grace Hopper", "grace@example.org")


def everything(shop: Shop, tmp_path: Path) -> bytes:
    """Every byte that a backup of the shop has."""
    return shop.back_up(tmp_path / "all.tar").path.read_bytes()


def test_nothing_that_was_told_of_a_customer_is_left_in_the_books(
    shop: Shop, tmp_path: Path
) -> None:
    id = shop.journal.perform(
        "test", lambda act: save_customer(act, "shop", "C-1"), site="w1", via="page"
    )
    for command in (ChangeCustomer(id, *SECRET, "US"), ChangeCustomer(id, "G. H.", SECRET[1], "")):
        shop.journal.carry_out(command, site="w1", via="page")
    inputs = fetch(shop.journal.database, "SELECT input FROM journal")
    assert not [row for row in inputs if b"race" in bytes(row[0])]
    assert PersonalInput.select().where(PersonalInput.subject == id).count() == 2
    assert all(word.encode() in everything(shop, tmp_path) for word in SECRET)
    shop.journal.carry_out(EraseCustomer(id), site="w1", via="page")
    shop.journal.database.execute_sql("VACUUM")
    assert not [word for word in SECRET if word.encode() in everything(shop, tmp_path)]
    assert verify(shop.journal.database).ok


def test_a_replay_of_the_forgotten_comes_to_the_same_hashes(shop: Shop, tmp_path: Path) -> None:
    with shop.journal.database.atomic():
        shop.journal.database.execute_sql(
            "INSERT INTO customer (id, company, external_id, name, email, country, created_at) "
            "VALUES (?, 'shop', 'C-1', '', '', '', 0)", (b"c" * 16,)
        )  # fmt: skip
    before = shop.back_up(tmp_path / "before.tar")
    shop.journal.carry_out(ChangeCustomer(b"c" * 16, *SECRET, "US"), site="w1", via="page")
    shop.journal.carry_out(EraseCustomer(b"c" * 16), site="w1", via="page")
    newer = shop.back_up(tmp_path / "newer.tar")
    done = drill(newer.path, before.path)
    assert done.ok
    assert done.replayed.acts == 2
