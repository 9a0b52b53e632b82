"""Whoever is forgotten is in no table any more, also not in the files that brought their orders."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.bulk.acts import ForgetInSlices
from hub.bulk.kinds import order_entries
from hub.bulk.models import ImportSlice
from hub.bulk.service import import_file
from hub.customers.acts import EraseCustomer
from hub.customers.forgetting import forgetting
from hub.customers.models import Customer
from hub.db import fetch
from hub.orders.models import SalesOrder
from hub.tables import TABLES
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub

GONE, STAYS = "CUST-4711", "CUST-471"


def bring(hub: TestHub, folder: Path, name: str, orders: list[tuple[str, str]]) -> None:
    """Import a file of orders, each (number, customer), over one article."""
    file = folder / name
    with file.open("w", newline="") as out:
        lines = [("order", "sku", "quantity", "customer")]
        csv.writer(out).writerows(lines + [(order, "MUG", "1", who) for order, who in orders])
    import_file(hub.journal, hub.site, hub.company, "orders", file, rest=lambda _seconds: None)


def forget(hub: TestHub, external_id: str) -> list[str]:
    """Forget them as the page does; the names of the acts that it took."""
    done = []
    for command in forgetting(Customer.get(Customer.external_id == external_id)):
        hub.journal.carry_out(command, site=hub.site, via="page")
        done.append(command.ACT)
    return done


def staged(hub: TestHub) -> list[order_entries.Entry]:
    packed = [bytes(row.entries) for row in ImportSlice.select().order_by(ImportSlice.n)]
    return [entry for part in packed for entry in order_entries.decode(zlib.decompress(part))]


def texts_of(table: str, row: tuple[Any, ...]) -> Iterator[bytes]:
    """What stands in a row; staged files are packed."""
    for cell in row:
        if isinstance(cell, str):
            yield cell.encode()
        elif isinstance(cell, bytes | memoryview):
            is_packed = table == "import_slice" and bytes(cell)[:1] == b"x"
            yield zlib.decompress(bytes(cell)) if is_packed else bytes(cell)


def everywhere(hub: TestHub, word: str) -> list[str]:
    """Tables in which a word stands, packed or not."""
    found = []
    for model in TABLES:
        name = model._meta.table_name
        for row in fetch(hub.database, f'SELECT * FROM "{name}"'):
            if any(word.encode() in text for text in texts_of(name, row)):
                found.append(name)
                break
    return found


def test_a_forgotten_customer_is_in_no_table_and_the_books_are_true(
    hub: TestHub, tmp_path: Path
) -> None:
    builders.item(hub, "MUG")
    bring(hub, tmp_path, "may.csv", [("W-1", GONE), ("W-2", STAYS), ("W-3", GONE)])
    bring(hub, tmp_path, "june.csv", [("W-4", GONE)])
    assert set(everywhere(hub, GONE)) == {"customer", "import_slice"}
    customer = Customer.get(Customer.external_id == GONE).id
    done = forget(hub, GONE)
    assert done == ["import.forget_customer", "import.forget_customer", "customers.erase"]
    assert not [e for e in staged(hub) if getattr(e, "customer", "") == GONE]
    assert [e.customer for e in staged(hub) if isinstance(e, order_entries.OrderEntry)].count(
        STAYS
    ) == 1, "who has the beginning of it keeps theirs"
    assert SalesOrder.select().where(SalesOrder.customer == customer).count() == 3
    assert verify(hub.database).ok


def test_the_same_number_means_a_stranger_from_now_on(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "MUG")
    bring(hub, tmp_path, "may.csv", [("W-1", GONE)])
    customer = Customer.get(Customer.external_id == GONE).id
    forget(hub, GONE)
    bring(hub, tmp_path, "june.csv", [("W-2", GONE)])
    assert Customer.get(Customer.external_id == GONE).id != customer
    assert SalesOrder.select().where(SalesOrder.customer == customer).count() == 1


def test_forgetting_may_be_begun_again(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "MUG")
    bring(hub, tmp_path, "may.csv", [("W-1", GONE)])
    customer = Customer.get(Customer.external_id == GONE)
    first, *_rest = forgetting(customer)
    assert isinstance(first, ForgetInSlices)
    hub.journal.carry_out(first, site=hub.site, via="page")
    assert forget(hub, GONE) == ["customers.erase"]
    hub.journal.carry_out(first, site=hub.site, via="page")
    hub.journal.carry_out(EraseCustomer(customer.id), site=hub.site, via="page")
    assert everywhere(hub, GONE) == []
