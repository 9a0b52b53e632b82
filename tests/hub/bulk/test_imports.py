"""Files are taken whole or not at all, once, and go on after a kill."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from hub.bulk import days
from hub.bulk import queries as imports
from hub.bulk.errors import ImportRefused, WrongColumns
from hub.bulk.exports import write_csv
from hub.bulk.models import ImportRun, ImportSlice
from hub.catalog import queries as catalog
from hub.catalog.models import Barcode, Item
from hub.db import proxy
from hub.inventory.models import Balance, Movement
from hub.journal import JournalRow
from hub.opening import open_database
from hub.orders.models import OrderLine, SalesOrder
from hub.staff.models import Person
from hub.verify.command import verify
from protocols import pin_verifier
from tests.hub import builders
from tests.hub.bulk.files import take_in, uci_row, write
from tests.hub.conftest import TestHub

ITEMS = ("sku", "name", "price")
STOCK = ("bin", "sku", "quantity")


def _day(path: Path, *, orders: int = 40, lines: int = 5) -> Path:
    rows = [
        uci_row(str(1000 + n), f"{20_000 + (n + k) % 17}", 1 + k, customer=f"{n % 7}.0")
        for n in range(orders)
        for k in range(lines)
    ]
    return write(path, rows)


def test_the_two_bundled_days_come_in_whole(hub: TestHub) -> None:
    report = take_in(hub, "orders", days.PATH)
    assert report.rows == sum(1 for _ in days.rows()) == 7_586
    assert report.counts == {
        "adjustment": 8, "cancellation": 2, "charge": 38, "order_line": 7_447,
        "return_unmatched": 91,
    }  # fmt: skip
    assert report.adds_up
    assert SalesOrder.select().count() == 280
    assert SalesOrder.select().where(SalesOrder.state == "ON_HOLD").count() == 16
    assert verify(hub.database).ok


def test_the_same_file_twice_changes_nothing(hub: TestHub, tmp_path: Path) -> None:
    first = take_in(hub, "orders", _day(tmp_path / "a.csv"))
    acts = JournalRow.select().count()
    packed = take_in(hub, "orders", _day(tmp_path / "other_name.csv.gz"))
    assert packed.was_known
    assert packed.counts == first.counts
    assert JournalRow.select().count() == acts


def test_a_dry_run_says_what_would_come_and_changes_nothing(hub: TestHub, tmp_path: Path) -> None:
    acts = JournalRow.select().count()
    report = take_in(hub, "orders", _day(tmp_path / "a.csv"), dry_run=True)
    assert (report.is_dry_run, report.counts) == (True, {"order_line": 200})
    assert JournalRow.select().count() == acts
    assert ImportRun.select().count() == SalesOrder.select().count() == 0


@pytest.mark.parametrize(
    ("point", "passes"),
    [("staging", 0), ("between", 0), ("between", 5), ("inside", 0), ("inside", 3), ("posting", 7)],
)
def test_an_import_killed_anywhere_goes_on_and_loses_and_doubles_nothing(
    sqlite_hub: TestHub, tmp_path: Path, repository: Path, point: str, passes: int
) -> None:
    path = _day(tmp_path / "a.csv")
    arguments = [sqlite_hub.url.removeprefix("sqlite:///"), str(path), point, str(passes)]
    died = subprocess.run(
        [sys.executable, "-m", "tests.hub.bulk.killed_import", *arguments],
        cwd=repository, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL
    assert ImportRun.get().state != "DONE"
    report = take_in(sqlite_hub, "orders", path)
    assert report.counts == {"order_line": 200}
    assert SalesOrder.select().count() == 40
    assert OrderLine.select().count() == 200
    assert ImportRun.get().state == "DONE"
    assert verify(sqlite_hub.database).ok


def test_two_who_post_the_same_file_post_each_slice_once(hub: TestHub, tmp_path: Path) -> None:
    path = _day(tmp_path / "a.csv", orders=400)
    second = threading.Thread(target=lambda: take_in(hub, "orders", path))
    started: list[bool] = []

    def other_starts(step: str, _done: int, _total: int) -> None:
        if step == "posting" and not started:
            started.append(True)
            second.start()

    report = take_in(hub, "orders", path, progress=other_starts)
    second.join()
    assert OrderLine.select().count() == 2_000
    assert sum(report.counts.values()) <= report.rows
    assert take_in(hub, "orders", path).adds_up
    assert verify(hub.database).ok


def test_scans_go_on_between_the_slices(hub: TestHub, tmp_path: Path) -> None:
    """Each slice is an act of its own: another writer gets in between any two."""
    path = _day(tmp_path / "a.csv", orders=400)
    seen: list[int] = []

    def scan(step: str, _done: int, _total: int) -> None:
        if step == "posting":
            with hub.act("scan"):
                seen.append(SalesOrder.select().count())

    take_in(hub, "orders", path, progress=scan)
    assert seen[0] < seen[-2] < 400 == seen[-1]


def test_articles_come_in_and_are_brought_up_to_date(hub: TestHub, tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", [("L1", "Lantern", "2.55"), ("S1", "Star", "")], ITEMS)
    take_in(hub, "items", first)
    second = write(tmp_path / "b.csv", [("l1", "Red lantern", "2.6")], ITEMS)
    assert take_in(hub, "items", second).counts == {"item": 1}
    rows = {i.sku_key: (i.name, i.price_micros) for i in Item.select()}
    assert rows == {"l1": ("Red lantern", 2_600_000), "s1": ("Star", 0)}


def test_one_bad_row_keeps_the_whole_file_out(hub: TestHub, tmp_path: Path) -> None:
    rows = [("L1", "Lantern", "2.55"), ("", "Star", "1"), ("S2", "Star", "x"), ("l1", "Twice", "1")]
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "items", write(tmp_path / "a.csv", rows, ITEMS))
    assert [(e.row, e.column, e.code) for e in refused.value.errors] == [
        (2, "sku", "BAD_VALUE"), (3, "price", "BAD_CELL"), (4, "sku", "DOUBLE"),
    ]  # fmt: skip
    assert Item.select().count() == 0


def test_unknown_and_missing_columns_are_named(hub: TestHub, tmp_path: Path) -> None:
    with pytest.raises(WrongColumns) as refused:
        take_in(hub, "items", write(tmp_path / "a.csv", [], ("sku", "colour")))
    assert (refused.value.missing, refused.value.unknown) == (("name",), ("colour",))


def test_barcodes_come_in_and_conflicts_name_their_row(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "PEN"), builders.item(hub, "RULER")
    header = ("code", "sku", "quantity")
    good = [("4006381333931", "pen", "1"), ("14006381333938", "PEN", "24")]
    take_in(hub, "barcodes", write(tmp_path / "a.csv", good, header))
    assert {(b.code, b.quantity) for b in Barcode.select()} == {
        ("04006381333931", 1), ("14006381333938", 24),
    }  # fmt: skip
    bad = [("04006381333931", "RULER", "1"), ("X1", "NONE", "1"), ("X1", "PEN", "0"),
           ("RULER", "PEN", "")]  # fmt: skip
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "barcodes", write(tmp_path / "b.csv", bad, header))
    assert {(e.row, e.code) for e in refused.value.errors} == {
        (1, "BARCODE_TAKEN"), (2, "UNKNOWN_ARTICLE"), (3, "BAD_CELL"), (4, "BARCODE_TAKEN"),
    }  # fmt: skip


def test_stock_comes_in_through_the_ledger(hub: TestHub, tmp_path: Path) -> None:
    builders.stock(hub, "A-01", "PEN", 0)
    path = write(tmp_path / "a.csv", [("A-01", "pen", 5), ("A-01", "PEN", 2)], STOCK)
    take_in(hub, "stock", path)
    assert take_in(hub, "stock", path).was_known
    assert [b.on_hand for b in Balance.select().where(Balance.is_real)] == [7]
    assert Movement.select().count() == 2
    assert verify(hub.database).ok


def test_stock_needs_bins_and_articles_that_exist(hub: TestHub, tmp_path: Path) -> None:
    builders.stock(hub, "A-01", "PEN", 0)
    rows = [("A-09", "PEN", 5), ("A-01", "NONE", 5), ("A-01", "PEN", 0)]
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "stock", write(tmp_path / "a.csv", rows, STOCK))
    assert {(e.row, e.code) for e in refused.value.errors} == {
        (1, "UNKNOWN_BIN"), (2, "UNKNOWN_ARTICLE"), (3, "BAD_CELL"),
    }  # fmt: skip


def test_people_come_in_with_hashed_secrets_and_what_is_staged_has_no_other(
    hub: TestHub, tmp_path: Path
) -> None:
    rows = [("Maria", "MARIA", "4711", "", "", "picker"),
            ("Sam", "", "", "sam", "Blue-Heron-77-x", "supervisor@w1")]  # fmt: skip
    header = ("name", "badge", "pin", "login", "password", "roles")
    take_in(hub, "people", write(tmp_path / "a.csv", rows, header))
    people = {p.name: p for p in Person.select()}
    assert pin_verifier.is_right("4711", people["Maria"].pin_verifier)
    assert "Heron" not in people["Sam"].password_hash
    staged = b"".join(zlib.decompress(bytes(s.entries)) for s in ImportSlice.select())
    assert b"Maria" in staged
    assert not [secret for secret in (b"4711", b"Heron") if secret in staged]


def test_people_who_cannot_be_are_refused(hub: TestHub, tmp_path: Path) -> None:
    rows = [("Maria", "M1", "12", "", "", "picker"), ("", "M2", "4711", "", "", ""),
            ("Sam", "", "", "sam", "short", ""), ("Kim", "M3", "4711", "", "", "emperor"),
            ("Lee", "M4", "4711", "", "", ""), ("Noa", "M4", "4711", "", "", "")]  # fmt: skip
    header = ("name", "badge", "pin", "login", "password", "roles")
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "people", write(tmp_path / "a.csv", rows, header))
    assert {(e.row, e.column) for e in refused.value.errors} == {
        (1, "pin"), (2, "name"), (3, "password"), (4, "roles"), (6, "badge"),
    }  # fmt: skip
    assert Person.select().count() == 0


PLAIN = ("order", "sku", "quantity", "name", "price", "channel", "customer", "placed_at", "holds")


def test_plain_orders_come_in(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "PEN"), builders.item(hub, "RULER")
    rows = [
        ("W-1", "PEN", 2, "", "1.5", "web", "17", "2026-03-01T10:00:00Z", "CREDIT"),
        ("W-2", "PEN", 1, "", "", "", "", "", ""),
        ("W-1", "ruler", 1, "Long ruler", "", "web", "17", "2026-03-01T10:00:00Z", "CREDIT"),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows, PLAIN))
    assert report.counts == {"order_line": 3}
    found = {o.external_id: (o.channel, o.state, o.placed_at) for o in SalesOrder.select()}
    assert found == {
        "W-1": ("web", "ON_HOLD", 1_772_359_200_000_000),
        "W-2": ("file", "APPROVED", hub.clock.now_us()),
    }
    assert [line.name for line in OrderLine.select().order_by(OrderLine.name)] == [
        "Article PEN", "Article PEN", "Long ruler",
    ]  # fmt: skip


def test_plain_orders_with_errors_are_refused(hub: TestHub, tmp_path: Path) -> None:
    builders.order(hub, {"PEN": 1}, external_id="W-9")
    rows = [
        ("W-1", "PEN", 2, "", "", "web", "17", "", ""),
        ("W-1", "PEN", 2, "", "", "web", "18", "", ""),
        ("W-2", "NONE", 0, "", "-1", "", "", "soon", "BORED"),
        ("W-9", "PEN", 1, "", "", "web", "", "", ""),
    ]
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "orders", write(tmp_path / "a.csv", rows, PLAIN))
    assert {(e.row, e.column) for e in refused.value.errors} == {
        (2, "order"), (3, "quantity"), (3, "price"), (3, "placed_at"), (3, "holds"), (4, "order"),
    }  # fmt: skip


def _export(kind: str) -> str:
    text = io.StringIO()
    write_csv(kind, "shop", "w1", text)
    return text.getvalue()


@pytest.fixture
def second_hub(sqlite_template: Path, tmp_path: Path) -> TestHub:
    path = tmp_path / "second.db"
    path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    return TestHub(open_database(url), url)


def test_what_is_exported_comes_into_an_empty_hub_as_the_same_rows(
    sqlite_hub: TestHub, second_hub: TestHub, tmp_path: Path
) -> None:
    proxy.initialize(sqlite_hub.database)
    header = ("name", "badge", "pin", "login", "password", "roles")
    people = [
        ("Maria", "MARIA", "", "", "", "picker supervisor@w1"),
        ("Sam", "", "", "sam", "", ""),
    ]
    take_in(sqlite_hub, "orders", days.PATH)
    take_in(sqlite_hub, "people", write(tmp_path / "p.csv", people, header))
    some = [row.sku for row in catalog.item_page("shop", rows=3)]
    for n, sku in enumerate(some):
        builders.stock(sqlite_hub, f"A-0{n}", sku, n + 1)
    codes = [(f"CASE-{sku}", sku, 12) for sku in some]
    take_in(sqlite_hub, "barcodes", write(tmp_path / "b.csv", codes, ("code", "sku", "quantity")))
    kinds = ("items", "barcodes", "stock", "people", "orders")
    exported = {kind: _export(kind) for kind in kinds}
    proxy.initialize(second_hub.database)
    with second_hub.act() as act:
        for n in range(3):
            builders.inventory.ensure_place(act, "BIN", f"A-0{n}")
    for kind in kinds:
        path = tmp_path / f"{kind}.csv"
        path.write_text(exported[kind])
        take_in(second_hub, kind, path)
    assert {kind: _export(kind) for kind in kinds} == exported
    assert exported["orders"].count("\n") == 1 + 7_446, "one line is cancelled whole"
    assert verify(second_hub.database).ok


def test_pages_show_how_far_an_import_is(hub: TestHub, tmp_path: Path) -> None:
    report = take_in(hub, "orders", _day(tmp_path / "a.csv"))
    (run,) = imports.run_page(hub.company)
    assert (run.file_name, run.state, run.rows) == ("a.csv", "DONE", 200)
    assert run.slices_posted == run.slices_total == report.slices
    assert imports.run_of(run.id) == (run, {"order_line": 200})


def test_orders_come_in_for_their_division_and_go_out_with_it(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "LAMP")
    columns = ("order", "sku", "quantity", "division")
    rows = [("E-1", "LAMP", 1, "toys"), ("E-2", "LAMP", 1, "")]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows, columns))
    found = SalesOrder.select(SalesOrder.external_id, SalesOrder.division)
    assert set(found.tuples()) == {("E-1", "toys"), ("E-2", "")}
    out = io.StringIO(newline="")
    write_csv("orders", hub.company, hub.site, out)
    again = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [(row["order"], row["division"]) for row in again] == [("E-1", "toys"), ("E-2", "")]


def test_no_file_says_that_an_order_is_of_every_division(hub: TestHub, tmp_path: Path) -> None:
    builders.item(hub, "LAMP")
    rows = [("E-1", "LAMP", 1, "*"), ("E-2", "LAMP", 1, "t" * 61)]
    path = write(tmp_path / "a.csv", rows, ("order", "sku", "quantity", "division"))
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "orders", path)
    assert [(e.row, e.column) for e in refused.value.errors] == [(1, "division"), (2, "division")]
    assert SalesOrder.select().count() == 0
