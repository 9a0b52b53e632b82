"""Every row of a UCI file becomes exactly one thing, and the counts add up to the rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.bulk import queries as imports
from hub.bulk import rules
from hub.bulk.errors import ImportRefused, UnreadableFile, WrongColumns
from hub.bulk.models import ListedAdjustment
from hub.bulk.posting import Options
from hub.bulk.service import post_adjustment, reject_adjustment
from hub.catalog import queries as catalog
from hub.catalog.models import Item
from hub.customers.models import Customer
from hub.errors import BadValue, WrongState
from hub.inventory.models import Balance
from hub.orders import lines, queries
from hub.orders.models import OrderCharge, OrderLine, OrderReturn, SalesOrder
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.bulk.files import take_in, uci_row, write
from tests.hub.conftest import TestHub


def _orders() -> dict[str | None, SalesOrder]:
    return {order.external_id: order for order in SalesOrder.select()}


def _lines(order: SalesOrder) -> list[tuple[str, int]]:
    return [(line.sku, line.stages.ordered) for line in queries.lines_of(order.id)]


def test_goods_become_an_order_of_its_customer(hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("536365", "85123A", 6), uci_row("536365", "71053", 2, name="STAR")]
    report = take_in(hub, "orders", write(tmp_path / "a.csv.gz", rows))
    assert (report.counts, report.rows, report.adds_up) == ({"order_line": 2}, 2, True)
    order = _orders()["536365"]
    assert _lines(order) == [("85123A", 6), ("71053", 2)]
    assert order.state == "APPROVED"
    assert Customer.get_by_id(order.customer).external_id == "17850"
    assert verify(hub.database).ok


def test_local_time_is_kept_as_utc_in_winter_and_summer(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("1001", "22144", 1, at="2011-06-01 12:00:00"),
        uci_row("1002", "22144", 1, at="12/1/2011 12:00"),
    ]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    orders = _orders()
    moments = [datetime.fromtimestamp(orders[n].placed_at / 1e6, UTC) for n in ("1001", "1002")]
    assert moments == [
        datetime(2011, 6, 1, 11, tzinfo=UTC),
        datetime(2011, 12, 1, 12, tzinfo=UTC),
    ]


def test_days_can_be_shifted_so_that_the_last_is_today(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("1001", "22144", 1, at="2011-11-22 09:00:00"),
        uci_row("1002", "22144", 1, at="2011-11-23 10:00:00"),
    ]
    options = Options(shift_to=date(2026, 7, 2), time_zone="UTC")
    take_in(hub, "orders", write(tmp_path / "a.csv", rows), options=options)
    orders = _orders()
    moments = [datetime.fromtimestamp(orders[n].placed_at / 1e6, UTC) for n in ("1001", "1002")]
    assert moments == [datetime(2026, 7, 1, 9, tzinfo=UTC), datetime(2026, 7, 2, 10, tzinfo=UTC)]


def test_codes_that_differ_by_letter_case_are_one_article(hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("1001", code, 1) for code in ("85123A", "85123a", "85123A")]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert [item.sku for item in Item.select()] == ["85123A"]


def test_an_article_takes_its_most_frequent_name_and_keeps_the_others(
    hub: TestHub, tmp_path: Path
) -> None:
    names = ["LANTERN", "RED LANTERN ", "RED  LANTERN", "?"]
    rows = [uci_row("1001", "22144", 1, name=name) for name in names]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    item = Item.get()
    assert item.name == "RED LANTERN"
    assert catalog.other_names_of(item.id) == ["?", "LANTERN"]
    assert [line.name for line in OrderLine.select().order_by(OrderLine.n)] == [
        "LANTERN", "RED LANTERN", "RED LANTERN", "?",
    ]  # fmt: skip


def test_an_article_that_is_known_keeps_its_name(hub: TestHub, tmp_path: Path) -> None:
    known = builders.item(hub, "22144")
    take_in(hub, "orders", write(tmp_path / "a.csv", [uci_row("1001", "22144", 1)]))
    assert Item.get_by_id(known).name == "Article 22144"
    assert catalog.other_names_of(known) == ["LANTERN"]


def test_exact_duplicate_rows_are_lines_of_their_own(hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("1001", "22144", 3)] * 2
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": 2}
    assert _lines(_orders()["1001"]) == [("22144", 3), ("22144", 3)]


def test_a_missing_customer_is_no_customer(hub: TestHub, tmp_path: Path) -> None:
    take_in(hub, "orders", write(tmp_path / "a.csv", [uci_row("1001", "22144", 3, customer="")]))
    assert _orders()["1001"].customer is None
    assert Customer.select().count() == 0


def test_services_become_charges_of_their_order(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("1001", "22144", 3),
        uci_row("1001", "POST", 1, price="18.00", name="POSTAGE"),
        uci_row("1001", "m", 2, price="0.125"),
        uci_row("1002", "BANK CHARGES", 1, price="15"),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"charge": 3, "order_line": 1}
    charges = {c.kind: (c.order, c.external_id, c.amount_minor) for c in OrderCharge.select()}
    order = _orders()["1001"].id
    assert charges == {
        "postage": (order, "", 1800), "manual": (order, "", 25),
        "bank_charges": (None, "1002", 1500),
    }  # fmt: skip
    assert set(_orders()) == {"1001"}


def test_bad_debt_is_a_charge_without_order(hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("A563186", "B", 1, price="-11062.06", customer="")]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"charge": 1}
    charge = OrderCharge.get()
    assert (charge.order, charge.kind, charge.amount_minor) == (None, "bad_debt", -1_106_206)


def test_a_credit_before_shipping_cancels_the_latest_order_first(
    hub: TestHub, tmp_path: Path
) -> None:
    rows = [
        uci_row("1001", "22144", 5, at="2011-11-22 08:00:00"),
        uci_row("1002", "22144", 3, at="2011-11-22 09:00:00"),
        uci_row("1003", "22144", 9, at="2011-11-22 09:30:00", customer="13881.0"),
        uci_row("C1004", "22144", -4, at="2011-11-22 10:00:00"),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"cancellation": 1, "order_line": 3}
    orders = _orders()
    cancelled = {n: queries.lines_of(orders[n].id)[0].stages.cancelled for n in orders if n}
    assert cancelled == {"1001": 1, "1002": 3, "1003": 0}
    assert orders["1002"].state == "CANCELLED"
    assert verify(hub.database).ok


def test_a_credit_never_reaches_an_order_that_came_later(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("C1001", "22144", -4, at="2011-11-22 08:00:00"),
        uci_row("1002", "22144", 5, at="2011-11-22 09:00:00"),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": 1, "return_unmatched": 1}


def test_a_credit_after_shipping_is_a_return(hub: TestHub, tmp_path: Path) -> None:
    take_in(hub, "orders", write(tmp_path / "a.csv", [uci_row("1001", "22144", 5)]))
    line = OrderLine.get()
    with hub.act() as act:
        for source, target in (("open", "allocated"), ("allocated", "released"),
                               ("released", "picked"), ("picked", "packed"),
                               ("packed", "shipped")):  # fmt: skip
            lines.move(act, line.id, source, target, 5)
    later = uci_row("C1002", "22144", -2, at="2011-11-23 10:00:00")
    report = take_in(hub, "orders", write(tmp_path / "b.csv", [later]))
    assert report.counts == {"return": 1}
    found = OrderReturn.get()
    assert (found.state, found.quantity, found.order_line) == ("MATCHED", 2, line.id)
    assert OrderLine.get().returned == 2
    assert verify(hub.database).ok


def test_what_a_credit_does_not_find_is_listed_with_its_row(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("1001", "22144", 5),
        uci_row("C1002", "22144", -7, at="2011-11-23 10:00:00"),
        uci_row("C1003", "22144", -1, customer=""),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": 1, "return_unmatched": 2}
    assert [(note.row, note.code) for note in report.notes] == [
        (2, "NO_ORDER_FOUND"), (3, "NO_ORDER_FOUND"),
    ]  # fmt: skip
    assert "5 of 7" in report.notes[0].text
    waiting = queries.unmatched_returns(hub.company)
    assert sorted(r.quantity for r in waiting) == [1, 2]
    assert imports.note_page(report.run) == report.notes
    assert imports.note_page(report.run, after_row=2) == report.notes[1:]


def test_an_order_of_nobody_for_nothing_waits_for_a_person(hub: TestHub, tmp_path: Path) -> None:
    rows = [
        uci_row("1001", "22144", 8, price="0", customer="", name="found"),
        uci_row("1002", "22144", 1, price="0", name="a gift to a customer"),
        uci_row("1003", "22144", 1, price="2.10", customer=""),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": 3}
    states = {order.external_id: order.state for order in SalesOrder.select()}
    assert states == {"1001": "ON_HOLD", "1002": "APPROVED", "1003": "APPROVED"}


def test_stock_corrections_are_listed_and_move_nothing_until_a_person_says_where(
    hub: TestHub, tmp_path: Path
) -> None:
    rows = [
        uci_row("1001", "22144", -3, price="0", customer="", name="damaged"),
        uci_row("1002", "22144", -8, price="0", customer="", name="check"),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"adjustment": 2}
    listed = imports.adjustment_page(hub.site)
    assert {(row.quantity, row.note) for row in listed} == {(-3, "damaged"), (-8, "check")}
    assert Balance.select().count() == 0
    wrong, gone = sorted(listed, key=lambda row: row.quantity)
    builders.stock(hub, "A-01", "22144", 9)
    with hub.act() as act:
        post_adjustment(act, gone.id, "A-01")
        reject_adjustment(act, wrong.id)
    assert {b.on_hand for b in Balance.select().where(Balance.is_real)} == {6}
    assert {a.state for a in ListedAdjustment.select()} == {"POSTED", "REJECTED"}
    with pytest.raises(WrongState), hub.act() as act:
        post_adjustment(act, gone.id, "A-01")
    assert verify(hub.database).ok


def test_free_goods_of_a_customer_are_order_lines(hub: TestHub, tmp_path: Path) -> None:
    report = take_in(hub, "orders", write(tmp_path / "a.csv", [uci_row("1", "2", 1, price="0.0")]))
    assert report.counts == {"order_line": 1}


def test_what_can_be_nothing_is_refused_row_by_row_and_the_rest_goes_on(
    hub: TestHub, tmp_path: Path
) -> None:
    rows = [
        uci_row("1001", "22144", 0),
        uci_row("1001", "TEST001", 5),
        uci_row("1001", "22144", 5, price="-1"),
        uci_row("C1002", "22144", 5),
        uci_row("1001", "22144", 5),
    ]
    report = take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": 1, "refusal": 4}
    assert [(note.row, note.code) for note in report.notes] == [
        (1, "NOTHING_ORDERED"), (2, "TEST_ARTICLE"), (3, "PRICE_BELOW_ZERO"),
        (4, "POSITIVE_CREDIT"),
    ]  # fmt: skip


def test_a_document_of_another_file_is_left_as_it_is(hub: TestHub, tmp_path: Path) -> None:
    one, two = uci_row("1001", "22144", 5), uci_row("1002", "22144", 1)
    take_in(hub, "orders", write(tmp_path / "a.csv", [one]))
    report = take_in(hub, "orders", write(tmp_path / "b.csv", [one, two]))
    assert report.counts == {"order_line": 1, "refusal": 1}
    assert [(note.row, note.code) for note in report.notes] == [(1, "DOCUMENT_KNOWN")]


def test_an_order_that_came_over_the_api_is_left_as_it_is(hub: TestHub, tmp_path: Path) -> None:
    builders.order(hub, {"22144": 1}, external_id="1001")
    path = write(tmp_path / "a.csv", [uci_row("1001", "22144", 5)])
    report = take_in(hub, "orders", path, options=Options(channel="web"))
    assert report.counts == {"refusal": 1}


def test_rows_of_one_invoice_need_not_stand_together(hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("1001", "A1", 1), uci_row("1002", "B2", 1), uci_row("1001", "C3", 1)]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert _lines(_orders()["1001"]) == [("A1", 1), ("C3", 1)]


def test_cells_that_cannot_be_read_refuse_the_file_and_are_named(
    hub: TestHub, tmp_path: Path
) -> None:
    rows = [
        uci_row("1001", "22144", 1),
        uci_row("", "", 1, at="yesterday", price="cheap"),
        ("1001", "22144"),
    ]
    with pytest.raises(ImportRefused) as refused:
        take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    assert [(error.row, error.column) for error in refused.value.errors] == [
        (2, "InvoiceNo"), (2, "StockCode"), (2, "InvoiceDate"), (2, "UnitPrice"),
        (3, "InvoiceNo"),
    ]  # fmt: skip
    assert SalesOrder.select().count() == Item.select().count() == 0
    assert imports.run_page(hub.company) == []


def test_files_that_are_none_are_refused_by_name(hub: TestHub, tmp_path: Path) -> None:
    lacking = write(tmp_path / "a.csv", [], header=["InvoiceNo", "StockCode"])
    with pytest.raises(WrongColumns) as refused:
        take_in(hub, "orders", lacking)
    assert "Quantity" in refused.value.missing
    latin = tmp_path / "b.csv"
    latin.write_bytes(b"InvoiceNo,StockCode\n1,\xa3\n")
    torn = tmp_path / "c.csv.gz"
    torn.write_bytes(b"\x1f\x8b\x08 this is no gzip")
    for path in (latin, torn):
        with pytest.raises(UnreadableFile):
            take_in(hub, "orders", path)
    with pytest.raises(BadValue):
        take_in(hub, "orders", write(tmp_path / "d.csv", [uci_row("1", "2", 1)]),
                options=Options(time_zone="Middle/Earth"))  # fmt: skip


invoices = st.sampled_from(["1001", "1002", "C1003", "C1004", "A1005", "1006"])
codes = st.sampled_from(["22144", "85123A", "85123a", "POST", "gift_0001_20", "M", "TEST1"])
prices = st.sampled_from(["0", "2.55", "-1"])
people = st.sampled_from(["", "17850.0"])
dirty_rows = st.builds(
    lambda invoice, code, quantity, price, customer: uci_row(
        invoice, code, quantity, price=price, customer=customer
    ),
    invoices, codes, st.integers(-5, 5), prices, people,
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(dirty_rows, min_size=1, max_size=25), again=st.lists(dirty_rows, max_size=9))
def test_whatever_the_dirt_every_row_is_counted_once_and_the_ledgers_hold(
    sqlite_hub: TestHub, tmp_path: Path, rows: list[tuple[object, ...]],
    again: list[tuple[object, ...]],
) -> None:  # fmt: skip
    for batch in (rows, [*again, *rows[:3]]):
        report = take_in(sqlite_hub, "orders", write(tmp_path / "a.csv", batch))
        assert report.adds_up
        assert report.rows == len(batch)
    assert verify(sqlite_hub.database).ok


@given(rows=st.lists(dirty_rows, min_size=1))
def test_a_decision_is_made_for_every_row(rows: list[tuple[object, ...]]) -> None:
    for invoice, code, _, quantity, _, price, _, _ in rows:
        kind = rules.document_kind(str(invoice))
        decided = rules.decide_row(
            kind, str(code), int(str(quantity)), int(float(str(price)) * 1e6)
        )
        assert (decided.kind == "refusal") == (decided.detail in rules.REFUSALS)
